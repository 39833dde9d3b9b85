//! The link itself: restarts, moved ports, a wedged conductor, the connect-once client.

use std::time::Duration;

use ham::{
    AppInterface, CallOptions, CallPolicy, Ham, HamConfig, HamState, Outcome, PersistentHam,
    is_connection_error,
};
use ham_testkit::chaos::{Action, Boundary, Direction, Fault, Proxy};
use url::Url;

use crate::support::*;

#[test]
fn a_restart_on_another_port_is_followed_when_the_owner_knows_it() {
    run_apart(async {
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let ham = connect(&conductor, &app_id).await;
        call_ids(&ham).await;
        let mut state = ham.state();
        assert!(state.get().is_live());
        conductor.stop().await.unwrap();
        loop {
            if let Some(HamState::BackingOff { .. }) = state.changed().await {
                break;
            }
        }
        // The admin port stays, the app interface on port 0 moves: the list is asked again.
        conductor.restart().await.unwrap();
        call_ids(&ham).await;
        assert_eq!(ham.causes().len(), 1);
        ham.close().await;
        assert!(matches!(ham.state().get(), HamState::Closed { .. }));
        conductor.stop().await.unwrap();
    });
}

#[test]
fn a_frozen_conductor_is_noticed_by_its_silence() {
    run_apart(async {
        let conductor = start().await;
        let app_id = app(&conductor).await;
        let session = ham::conductor_session().with_silence_bound(Some(Duration::from_secs(8)));
        let ham = PersistentHam::connect(config(&conductor, &app_id).with_session(session)).await.unwrap();
        call_ids(&ham).await;
        let mut state = ham.state();
        conductor.freeze().await.unwrap();
        loop {
            match state.changed().await.unwrap() {
                HamState::BackingOff { .. } | HamState::Dialing { .. } => break,
                _ => {}
            }
        }
        assert!(format!("{:?}", ham.causes()).contains("Silent"), "{:?}", ham.causes());
        conductor.thaw().await.unwrap();
        call_ids(&ham).await;
        ham.close().await;
        conductor.kill().await.unwrap();
    });
}

#[test]
fn the_connect_once_client_says_that_it_is_gone_and_a_new_one_works() {
    run_apart(async {
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let config = HamConfig::new(conductor.admin_port(), 0, &app_id).with_request_timeout_secs(60);
        let mut ham = Ham::connect(config.clone()).await.unwrap();
        ham.ping().await.unwrap();
        assert_eq!(ham.app_info().await.unwrap().unwrap().installed_app_id, app_id);
        assert_eq!(ham.cell_id().agent_pubkey(), &ham.app_info().await.unwrap().unwrap().agent_pub_key);
        conductor.kill().await.unwrap();
        let error = ham.ping().await.unwrap_err();
        assert!(is_connection_error(&error), "{error:#}");
        let error = ham.call_zome::<_, String>("probe", "probe", "echo_text", "x").await.unwrap_err();
        assert!(is_connection_error(&error), "{error:#}");
        conductor.restart().await.unwrap();
        conductor.wait_until_callable(&app_id).await.unwrap();
        ham = Ham::connect(config).await.unwrap();
        let text: String = ham.call_zome("probe", "probe", "echo_text", "back").await.unwrap();
        assert_eq!(text, "back");
        drop(ham);
        conductor.stop().await.unwrap();
    });
}

/// The reads and the grant that a first call begins with are no part of it: a link that dies under them loses nothing.
#[test]
fn a_link_that_dies_before_the_first_call_was_sent_loses_nothing() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let warm = connect(conductor, &app_id).await;
        let port = app_port(&warm).await;
        // The handshake's two frames pass; the first request after it is cut off, on the first link only.
        let cut = Fault::on(0, Direction::ToServer, 2, Boundary::Before, Action::Cut);
        let proxy = Proxy::start_with(([127, 0, 0, 1], port).into(), vec![cut]).await.unwrap();
        let through = Url::parse(&format!("ws://{}", proxy.address())).unwrap();
        let config = config(conductor, &app_id).with_app(AppInterface::Url(through));
        let ham = PersistentHam::start(config).unwrap();
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("first"))
            .await
            .unwrap();
        assert_eq!(call_ids(&ham).await, ["first"]);
        assert_eq!(ham.causes().len(), 1);
    });
}

/// A repeated call that is lost and then finds no link may have run in its first round.
#[test]
fn a_repeated_call_never_hides_the_round_that_was_lost() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let warm = connect(conductor, &app_id).await;
        call_ids(&warm).await;
        // The conductor has the request when the link is cut; afterwards nothing is reachable.
        let cut = Fault::on(0, Direction::ToServer, 2, Boundary::After, Action::Cut);
        let proxy =
            Proxy::start_with(([127, 0, 0, 1], app_port(&warm).await).into(), vec![cut]).await.unwrap();
        let through = Url::parse(&format!("ws://{}", proxy.address())).unwrap();
        let config = config(conductor, &app_id).with_app(AppInterface::Url(through));
        let ham = PersistentHam::connect(config).await.unwrap();
        proxy.set_refusing(true);
        let options =
            CallOptions::default().with_policy(CallPolicy::IDEMPOTENT).with_deadline(Duration::from_secs(5));
        let error = ham
            .call_zome_with::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("r"), options)
            .await
            .unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
    });
}
