//! Connections, tokens, and requests that are none.

use std::net::Ipv4Addr;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use holochain_client::{
    AllowedOrigins, AppWebsocket, ClientAgentSigner, ConductorApiResult, IssueAppAuthenticationTokenPayload,
};
use holochain_websocket::WireMessage;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::stage::Stage;
use crate::transcript::wire;

async fn connect(port: u16, token: &[u8], origin: Option<&str>) -> ConductorApiResult<AppWebsocket> {
    let signer = Arc::new(ClientAgentSigner::default());
    let address = (Ipv4Addr::LOCALHOST, port);
    AppWebsocket::connect(address, token.to_vec(), signer, origin.map(str::to_owned)).await
}

pub(crate) async fn tokens(stage: &mut Stage) {
    let (app, _) = stage.probe().await;
    let payload = || IssueAppAuthenticationTokenPayload::for_installed_app_id(app.id.clone());
    let once = stage.admin.issue_app_auth_token(payload()).await.unwrap();
    stage.note("good once, expires", once.expires_at.is_some());
    stage.note("length", once.token.len());
    let port = stage.app_port;
    let tried = async |token: &[u8]| connect(port, token, None).await.is_ok();
    let first = tried(&once.token).await;
    let second = tried(&once.token).await;
    stage.note("used twice", (first, second));
    let ever = stage.admin.issue_app_auth_token(payload().single_use(false).expiry_seconds(0)).await.unwrap();
    stage.note("good for ever, expires", ever.expires_at.is_some());
    let (first, second) = (tried(&ever.token).await, tried(&ever.token).await);
    stage.note("used twice", (first, second));
    for _ in 0..2 {
        let revoked = stage.admin.revoke_app_authentication_token(ever.token.clone()).await;
        stage.answer("revoke", revoked);
    }
    stage.note("revoked", tried(&ever.token).await);
    stage.note("unknown", tried(&[7; 64]).await);
    stage.note("empty", tried(&[]).await);
    let revoked = stage.admin.revoke_app_authentication_token(vec![1]).await;
    stage.answer("revoke what is none", revoked);
    let issued = stage.admin.issue_app_auth_token("no such app".to_owned().into()).await;
    stage.answer("for no app", issued.map(drop));
}

pub(crate) async fn interface_lists(stage: &mut Stage) {
    let (app, _) = stage.probe().await;
    let other = stage.install("probe.happ", "other").await;
    let only = stage.admin.attach_app_interface(
        0,
        None,
        AllowedOrigins::from("here".to_owned()),
        Some(app.id.clone()),
    );
    let only = only.await.unwrap();
    let listed = stage.admin.list_app_interfaces().await.unwrap();
    let listed = listed.into_iter().find(|interface| interface.port == only).unwrap();
    stage.note("listed", (listed.port == only, &listed.allowed_origins, &listed.installed_app_id));
    for (step, id, origin) in [
        ("its app, its origin", &app.id, Some("here")),
        ("its app, another origin", &app.id, Some("there")),
        ("its app, no origin", &app.id, None),
        ("another app", &other.id, Some("here")),
    ] {
        let token = stage.admin.issue_app_auth_token(id.clone().into()).await.unwrap().token;
        let connected = connect(only, &token, origin).await;
        stage.note(step, connected.is_ok());
    }
    let none =
        stage.admin.attach_app_interface(0, None, AllowedOrigins::Any, Some("no such app".to_owned())).await;
    stage.answer("for no app", none.map(drop));
}

/// Requests as bytes.
pub(crate) async fn raw_requests(stage: &mut Stage) {
    let url = format!("ws://127.0.0.1:{}", stage.admin_port);
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("Origin", "test".parse().unwrap());
    let stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, stage.admin_port)).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let encode = |value: serde_json::Value| rmp_serde::to_vec_named(&value).unwrap();
    for (step, data) in [
        ("nothing", vec![]),
        ("garbage", vec![0xc1]),
        ("nil", vec![0xc0]),
        ("an unknown type", encode(serde_json::json!({ "type": "launch_missiles" }))),
        ("no value", encode(serde_json::json!({ "type": "uninstall_app" }))),
        ("a wrong value", encode(serde_json::json!({ "type": "uninstall_app", "value": 7 }))),
        ("list of DNAs with a value", encode(serde_json::json!({ "type": "list_dnas", "value": null }))),
        (
            "a fine one",
            encode(serde_json::json!({ "type": "enable_app", "value": { "installed_app_id": "none" } })),
        ),
    ] {
        let message = rmp_serde::to_vec_named(&WireMessage::Request { id: 5, data }).unwrap();
        socket.send(Message::Binary(message.into())).await.unwrap();
        let answer = loop {
            let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() else { continue };
            if let WireMessage::Response { id: 5, data } = rmp_serde::from_slice(&bytes).unwrap() {
                break data.unwrap();
            }
        };
        let answer = rmpv::decode::read_value(&mut &answer[..]).unwrap();
        let shown =
            if step.starts_with("list of DNAs") { wire(answer.as_map().map(Vec::len)) } else { answer };
        stage.note(step, shown);
    }
}
