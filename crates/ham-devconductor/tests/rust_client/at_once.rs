//! Many requests at once, which its own tests do not send.

use futures_util::future::join_all;
use ham_devconductor::{Config, DevConductor};
use holochain_client::{AdminWebsocket, AllowedOrigins};

use super::support::{admin, alone, call, enter, install, shared};

/// Changing apps failed as "database is locked" when a call witnessed its nonce meanwhile, and of two changes at once the
/// second could be forgotten.
async fn calls_and_changes(admin: &AdminWebsocket, id: &str) {
    let (client, cell) = enter(admin, id, "probe").await;
    let calls = (0..50).map(async |at: u32| {
        let answer: String = call(&client, cell.clone(), "echo_text", at.to_string()).await.unwrap();
        assert_eq!(answer, at.to_string());
    });
    let attach =
        (0..50).map(async |_| admin.attach_app_interface(0, None, AllowedOrigins::Any, None).await.unwrap());
    let (_, ports) = tokio::join!(join_all(calls), join_all(attach));
    let attached = admin.list_app_interfaces().await.unwrap();
    for port in ports {
        assert!(attached.iter().any(|interface| interface.port == port), "{port}: {attached:?}");
    }
}

#[test]
fn calls_and_changes_of_a_temporary_conductor() {
    shared(async |shared| {
        let app = shared.probe().await;
        calls_and_changes(&shared.admin().await, &app.installed_app_id).await;
    });
}

/// It keeps its nonces in the database that holds its apps.
#[test]
fn calls_and_changes_of_a_kept_conductor() {
    alone(async {
        let directory = tempfile::tempdir().unwrap();
        let conductor =
            DevConductor::start_with(Config::default().with_data(directory.path())).await.unwrap();
        let admin = admin(&conductor).await;
        install(&admin, "probe.happ", "kept").await;
        calls_and_changes(&admin, "kept").await;
        conductor.shut_down().await;
    });
}
