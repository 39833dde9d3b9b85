//! What is left after a connection is closed, or dropped: nothing.

use std::time::Duration;

use futures_util::FutureExt as _;
use ham::{Admin, AdminError, HamState, PersistentHam, PersistentHamConfig, Recovery, conductor_session};
use ham_session::Delivery;
use ham_testkit::server::{Behaviour, Peer, Server, ServerEvent};

use crate::fake::{APP, Fake, serve_one};

/// Long enough for a loaded machine: running into it means a hang.
const TIMEOUT: Duration = Duration::from_secs(60);

async fn fake() -> Fake {
    Fake::silent(|_| false).await
}

/// A connection, and its app interface's side, which has answered what connecting asks and nothing since.
async fn connected(config: PersistentHamConfig, fake: &Fake) -> (PersistentHam, Peer) {
    let serving = async {
        let mut peer = fake.app.next_peer().await.unwrap();
        assert!(serve_one(&mut peer).await);
        peer
    };
    let (ham, peer) = tokio::join!(PersistentHam::connect(config), serving);
    (ham.unwrap(), peer)
}

fn config(fake: &Fake) -> PersistentHamConfig {
    PersistentHamConfig::local(fake.admin.address().port(), APP)
}

/// Waits until the server is done with its first connection; a client that is still there would not let it.
async fn first_ended(server: &Server) {
    server.events().wait_for(|event| *event == ServerEvent::Ended { connection: 0 }).await.unwrap();
}

/// The admin link was open three seconds after `close` had resolved, and for as long as a handle was held.
#[tokio::test]
async fn closing_closes_the_admin_link_too() {
    let fake = fake().await;
    let (ham, mut peer) = connected(config(&fake), &fake).await;
    let admin = ham.admin().unwrap().clone();
    assert!(admin.list_app_interfaces().await.is_ok());
    let (_, heard) = tokio::join!(ham.close(), peer.receive());
    assert!(heard.is_err(), "the app link ends");
    first_ended(&fake.admin).await;
    // Held, and of no use any more: nothing dials behind the owner's back.
    let error = admin.list_app_interfaces().await.unwrap_err();
    assert!(matches!(error, AdminError::Closed), "{error}");
    assert_eq!((error.delivery(), error.recovery()), (Delivery::NotSent, Recovery::GiveUp));
    let again = |event: &ServerEvent| *event == ServerEvent::Accepted { connection: 1 };
    assert!(fake.admin.events().wait_for(again).now_or_never().is_none());
    drop(ham);
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_admin_link_too() {
    let fake = fake().await;
    let (ham, mut peer) = connected(config(&fake), &fake).await;
    drop(ham);
    assert!(peer.receive().await.is_err(), "the app link ends");
    first_ended(&fake.admin).await;
}

#[tokio::test]
async fn dropping_the_drop_in_closes_the_admin_link_too() {
    let fake = fake().await;
    let ham = fake.connect(fake.config()).await.unwrap();
    drop(ham);
    first_ended(&fake.admin).await;
}

#[tokio::test]
async fn closing_ends_a_dial_under_way() {
    let server = Server::start([Behaviour::NeverUpgrade]).await.unwrap();
    let admin = Admin::local(server.address().port());
    let mut events = server.events();
    let closing = async {
        events.wait_for(|event| matches!(event, ServerEvent::Accepted { .. })).await.unwrap();
        admin.close().await;
    };
    let (asked, ()) = tokio::join!(admin.list_app_interfaces(), closing);
    assert!(matches!(asked.unwrap_err(), AdminError::Closed));
}

/// A dial that nobody polls any more, because its future lost a `select!` and is kept, held `close` up for ever.
#[tokio::test]
async fn closing_does_not_wait_for_whoever_dials_and_is_not_polled() {
    let server = Server::start([Behaviour::NeverUpgrade]).await.unwrap();
    let admin = Admin::local(server.address().port());
    let mut events = server.events();
    let mut asked = std::pin::pin!(admin.list_app_interfaces());
    tokio::select! {
        accepted = events.wait_for(|event| matches!(event, ServerEvent::Accepted { .. })) => drop(accepted),
        early = &mut asked => panic!("{early:?}"),
    }
    tokio::time::timeout(TIMEOUT, admin.close()).await.expect("it ends");
    assert!(matches!(asked.await.unwrap_err(), AdminError::Closed));
}

/// Whoever gave up waiting for the end left the subscriptions without one.
#[tokio::test]
async fn a_close_that_is_given_up_ends_the_signals_all_the_same() {
    let fake = fake().await;
    let (ham, mut peer) = connected(config(&fake), &fake).await;
    let mut signals = ham.signals();
    let other = ham.clone();
    // Nobody answers it, so the link is drained for a while.
    let asking = async { other.app_info().await };
    let closing = async {
        peer.receive().await.unwrap();
        assert!(ham.close().now_or_never().is_none());
        while tokio::time::timeout(TIMEOUT, signals.next()).await.expect("it ends").is_some() {}
    };
    let (asked, ()) = tokio::join!(asking, closing);
    assert!(asked.is_err());
}

/// A watch did not answer when the conductor fell silent between two questions.
#[tokio::test]
async fn a_health_change_between_two_questions_is_answered_at_once() {
    let fake = fake().await;
    let session = conductor_session()
        .with_degraded_after(Some(Duration::from_millis(20)))
        .with_ping(Duration::from_secs(60), Duration::from_millis(50));
    let (ham, _peer) = connected(config(&fake).with_session(session), &fake).await;
    let live = async || {
        let mut watch = ham.state();
        while !watch.get().is_live() {
            watch.changed().await.unwrap();
        }
        watch
    };
    let (mut one, mut other) = (live().await, live().await);
    assert!(other.changed().now_or_never().is_none());
    let degraded = |state: Option<HamState>| matches!(state, Some(HamState::Live { degraded: Some(_), .. }));
    // Nobody answers it, nor the question whether anybody is there.
    let call = ham.call_zome::<_, ()>("role", "zome", "function", ());
    tokio::select! {
        answered = call => panic!("{answered:?}"),
        () = async { while !degraded(one.changed().await) {} } => {}
    }
    assert!(degraded(other.changed().now_or_never().expect("at once")));
    assert!(other.changed().now_or_never().is_none(), "and once");
}
