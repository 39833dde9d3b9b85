//! The conductor in this process, with the client that people use.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::sync::Arc;
use std::time::Duration;

use ham_devconductor::DevConductor;
use holochain_client::{
    AdminWebsocket, AppWebsocket, AuthorizeSigningCredentialsPayload, ClientAgentSigner, ExternIO,
    ZomeCallTarget,
};

fn bundle() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/probe.happ")).unwrap()
}

async fn connect(conductor: &DevConductor, app: &str) -> AppWebsocket {
    let admin = AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap();
    let port = conductor.attach_app_interface(0).await.unwrap();
    let token = admin.issue_app_auth_token(app.to_owned().into()).await.unwrap().token;
    let signer = ClientAgentSigner::default();
    let client =
        AppWebsocket::connect(("127.0.0.1", port), token, Arc::new(signer.clone()), None).await.unwrap();
    for cells in client.cached_app_info().cell_info.values() {
        for cell in cells {
            let holochain_client::CellInfo::Provisioned(cell) = cell else { continue };
            let payload =
                AuthorizeSigningCredentialsPayload { cell_id: cell.cell_id.clone(), functions: None };
            let credentials = admin.authorize_signing_credentials(payload).await.unwrap();
            signer.add_credentials(cell.cell_id.clone(), credentials);
        }
    }
    client
}

async fn call<I: serde::Serialize + std::fmt::Debug, O: serde::de::DeserializeOwned + std::fmt::Debug>(
    client: &AppWebsocket,
    function: &str,
    input: I,
) -> O {
    let target = ZomeCallTarget::RoleName("probe".to_owned());
    let input = ExternIO::encode(input).unwrap();
    client.call_zome(target, "probe".into(), function.into(), input).await.unwrap().decode().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_installed_and_called() {
    let begun = std::time::Instant::now();
    let conductor = DevConductor::start().await.unwrap();
    println!("start {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    let app = conductor.install(bundle(), None).await.unwrap();
    println!("install {:?}", begun.elapsed());
    let client = connect(&conductor, &app).await;
    let begun = std::time::Instant::now();
    let text: String = call(&client, "echo_text", "hello").await;
    println!("first echo {:?}", begun.elapsed());
    assert_eq!(text, "hello");
    let begun = std::time::Instant::now();
    for _ in 0..100 {
        let _: String = call(&client, "echo_text", "hello").await;
    }
    println!("echo {:?}", begun.elapsed() / 100);
    let begun = std::time::Instant::now();
    for at in 0..100 {
        let item = serde_json::json!({ "call_id": at.to_string(), "body": "b" });
        let _: holo_hash::ActionHash = call(&client, "create_item", item).await;
    }
    println!("create {:?}", begun.elapsed() / 100);
    let count: usize = call(&client, "count_items", ()).await;
    assert_eq!(count, 100);
    tokio::time::timeout(Duration::from_secs(10), conductor.shut_down()).await.unwrap();
}
