//! Rows of `drop-in.md` about connecting, where a conductor has to fail at one exact moment.

use ham::{
    CallError, ConnectError, Outcome, SigningError, SigningStep, is_connection_error, is_request_timeout,
};
use holochain_conductor_api::AdminRequest;

use crate::fake::{Fake, serve_one};

/// `{e}` says everything, and `{e:#}` nothing more.
fn one_line(error: &anyhow::Error) -> String {
    let line = error.to_string();
    assert_eq!(format!("{error:#}"), line);
    line
}

#[tokio::test]
async fn the_grant_is_there_when_connect_returns() {
    let fake = Fake::silent(|_| false).await;
    let ham = fake.connect(fake.config()).await.unwrap();
    assert_eq!(ham.cell_id().agent_pubkey().get_raw_32(), [2; 32]);
}

/// Row "the link dies inside `Ham::connect`": after the handshake, with the app info.
#[tokio::test]
async fn a_link_that_dies_while_connecting_is_a_connection_error() {
    let fake = Fake::silent(|_| false).await;
    let dying = async {
        let mut peer = fake.app.next_peer().await.unwrap();
        assert!(serve_one(&mut peer).await, "the handshake");
        peer.receive().await.unwrap();
    };
    let (result, ()) = tokio::join!(ham::Ham::connect(fake.config()), dying);
    let error = result.unwrap_err();
    assert!(is_connection_error(&error), "{error:?}");
    let line = one_line(&error);
    assert!(line.starts_with("Failed to get app info: Websocket error: Websocket closed: "), "{line}");
    let call = error.downcast_ref::<CallError>().unwrap();
    assert!(matches!(call.inner(), CallError::LinkLost { .. }), "{call:?}");
    assert_eq!(call.outcome(), Outcome::NotRun);
}

/// The same row, with the link of the admin interface, while the grant is prepared.
#[tokio::test]
async fn an_admin_link_that_dies_while_connecting_is_a_connection_error() {
    let fake = Fake::silent(|request| matches!(request, AdminRequest::DumpState { .. })).await;
    let proxy = ham_testkit::chaos::Proxy::start(fake.admin.address()).await.unwrap();
    let mut config = fake.config();
    config.admin_port = proxy.address().port();
    let mut events = fake.admin.events();
    let cutting = async {
        let asked = |event: &ham_testkit::server::ServerEvent| format!("{event:?}").contains("dump_state");
        // A read is asked again on a fresh link, a few times.
        loop {
            events.wait_for(asked).await.unwrap();
            proxy.cut_now();
        }
    };
    let error = tokio::select! {
        result = fake.connect(config) => result.unwrap_err(),
        () = cutting => unreachable!("cuts go on"),
    };
    assert!(is_connection_error(&error), "{error:?}");
    let line = one_line(&error);
    assert!(line.starts_with("Failed to authorize signing credentials: "), "{line}");
    assert!(line.contains("dump_state"), "{line}");
}

/// Row "a keystore that is absent": connect fails at once, whatever the time-out.
#[tokio::test]
async fn an_absent_keystore_fails_the_connect() {
    let fake = Fake::silent(|_| false).await;
    let config = fake.config().with_request_timeout_secs(u64::MAX);
    let config = config.with_lair_signing(&keystore_url("/nonexistent/socket"), b"phrase".to_vec()).unwrap();
    let error = fake.connect(config).await.unwrap_err();
    let line = one_line(&error);
    assert!(
        line.starts_with("Failed to sign with the lair keystore: cannot reach the keystore at unix:///nonex"),
        "{line}"
    );
    assert!(!is_connection_error(&error) && !is_request_timeout(&error));
}

/// The same row, with a keystore that takes the connection and says nothing.
#[tokio::test]
async fn a_mute_keystore_fails_the_connect_within_its_time() {
    let fake = Fake::silent(|_| false).await;
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let _mute = tokio::net::UnixListener::bind(&socket).unwrap();
    let config = fake.config().with_request_timeout_secs(1);
    let url = keystore_url(socket.to_str().unwrap());
    let error = fake.connect(config.with_lair_signing(&url, Vec::new()).unwrap()).await.unwrap_err();
    let connect = error.downcast_ref::<ConnectError>().unwrap();
    assert!(
        matches!(
            connect.inner(),
            ConnectError::Signing(SigningError::TimedOut { step: SigningStep::KeystoreDial, .. })
        ),
        "{connect:?}"
    );
}

/// With a key that is one in form.
fn keystore_url(socket: &str) -> String {
    format!("unix://{socket}?k={}", "A".repeat(43))
}

/// Each interface that is not there is named.
#[tokio::test]
async fn the_step_that_failed_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = ham::Ham::connect(ham::HamConfig::new(port, 0, "app")).await.unwrap_err();
    assert!(is_connection_error(&error));
    let line = one_line(&error);
    assert!(line.starts_with("Failed to connect to admin interface: cannot reach"), "{line}");
    assert!(line.contains("refused"), "{line}");
}
