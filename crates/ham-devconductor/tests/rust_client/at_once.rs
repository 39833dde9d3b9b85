//! Many requests at once, which its own tests do not send.

use futures_util::future::join_all;
use holochain_client::AllowedOrigins;

use super::support::{authorize, call, cell, connect, shared};

/// Changing apps failed as "database is locked" when a call witnessed its nonce meanwhile, and of two changes at once the
/// second could be forgotten.
#[test]
fn calls_and_changes() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let (client, signer) = connect(&admin, &app.installed_app_id).await;
        let cell = cell(app, "probe");
        authorize(&admin, &signer, &cell).await;
        let calls = (0..50).map(async |at: u32| {
            let answer: String = call(&client, cell.clone(), "echo_text", at.to_string()).await.unwrap();
            assert_eq!(answer, at.to_string());
        });
        let attach = (0..50)
            .map(async |_| admin.attach_app_interface(0, None, AllowedOrigins::Any, None).await.unwrap());
        let (_, ports) = tokio::join!(join_all(calls), join_all(attach));
        let attached = admin.list_app_interfaces().await.unwrap();
        for port in ports {
            assert!(attached.iter().any(|interface| interface.port == port), "{port}: {attached:?}");
        }
    });
}
