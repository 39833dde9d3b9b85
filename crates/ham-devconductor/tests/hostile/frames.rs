//! Clients that do not speak the protocol, or all of it at once.

use futures_util::{SinkExt as _, StreamExt as _};
use holochain_conductor_api::{AdminRequest, AdminResponse, AppRequest, AppResponse, ExternalApiWireError};
use holochain_websocket::WireMessage;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{Server, run};

pub(crate) type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

/// A connection on which nothing has been said.
pub(crate) async fn open(port: u16) -> Socket {
    let mut request = format!("ws://127.0.0.1:{port}").into_client_request().unwrap();
    request.headers_mut().insert("Origin", "test".parse().unwrap());
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}

pub(crate) async fn admin(server: &Server) -> Socket {
    open(server.conductor.admin_port()).await
}

pub(crate) fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap()
}

pub(crate) async fn send(socket: &mut Socket, message: &WireMessage) {
    socket.send(Message::Binary(encode(message).into())).await.unwrap();
}

pub(crate) async fn request(socket: &mut Socket, id: u64, data: Vec<u8>) {
    send(socket, &WireMessage::Request { id, data }).await;
}

/// The next answer, `None` if the connection ends before one.
pub(crate) async fn answer(socket: &mut Socket) -> Option<(u64, Vec<u8>)> {
    loop {
        let Message::Binary(bytes) = socket.next().await?.ok()? else { continue };
        if let WireMessage::Response { id, data } = rmp_serde::from_slice(&bytes).unwrap() {
            return Some((id, data.unwrap()));
        }
    }
}

fn listed(answer: &[u8]) {
    let response: AdminResponse = rmp_serde::from_slice(answer).unwrap();
    assert!(matches!(response, AdminResponse::DnasListed(_)), "{response:?}");
}

/// The connection is still served.
pub(crate) async fn lives(socket: &mut Socket) {
    request(socket, 7, encode(&AdminRequest::ListDnas)).await;
    let (id, data) = answer(socket).await.expect("the connection ended");
    assert_eq!(id, 7);
    listed(&data);
}

#[test]
fn messages_that_are_none_are_passed_over() {
    run(async |server| {
        let mut socket = admin(server).await;
        let valid = encode(&WireMessage::Request { id: 1, data: encode(&AdminRequest::ListDnas) });
        let half = &valid[..valid.len() / 2];
        for bytes in
            [&b""[..], b"\xc0", b"\xc1", b"\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", half]
        {
            socket.send(Message::Binary(bytes.to_vec().into())).await.unwrap();
        }
        let unknown = serde_json::json!({ "type": "command", "id": 1, "data": [] });
        socket.send(Message::Binary(encode(&unknown).into())).await.unwrap();
        for text in ["", "hello", "{\"type\":\"request\",\"id\":1,\"data\":[]}"] {
            socket.send(Message::Text(text.into())).await.unwrap();
        }
        socket.send(Message::Ping(vec![1, 2, 3].into())).await.unwrap();
        socket.send(Message::Pong(vec![1, 2, 3].into())).await.unwrap();
        // Answers to nothing, signals, and a token, which administrators do not have.
        send(&mut socket, &WireMessage::Response { id: 1, data: None }).await;
        send(&mut socket, &WireMessage::Response { id: u64::MAX, data: Some(vec![0xc1]) }).await;
        send(&mut socket, &WireMessage::Signal { data: vec![0xc1] }).await;
        send(&mut socket, &WireMessage::Authenticate { data: vec![0xc1] }).await;
        lives(&mut socket).await;
    });
}

#[test]
fn a_request_that_is_none_is_answered_so() {
    run(async |server| {
        let mut socket = admin(server).await;
        for data in [
            vec![],
            vec![0xc1],
            vec![0xc0],
            b"\xdd\xff\xff\xff\xff".to_vec(),
            encode(&serde_json::json!({ "type": "launch_missiles" })),
            encode(&serde_json::json!({ "type": "uninstall_app" })),
            encode(&serde_json::json!({ "type": "uninstall_app", "value": 7 })),
            encode(&serde_json::json!({ "type": "list_dnas", "value": { "surprise": 1 } }))[..8].to_vec(),
        ] {
            request(&mut socket, 3, data).await;
            let (id, data) = answer(&mut socket).await.expect("the connection ended");
            let response: AdminResponse = rmp_serde::from_slice(&data).unwrap();
            let AdminResponse::Error(ExternalApiWireError::Deserialization(text)) = response else {
                panic!("{response:?}")
            };
            assert_eq!((id, text.as_str()), (3, "Failed to deserialize request"));
        }
        lives(&mut socket).await;
    });
}

#[test]
fn a_thousand_requests_at_once_are_answered() {
    run(async |server| {
        let mut socket = admin(server).await;
        for id in 0..1000 {
            request(&mut socket, id, encode(&AdminRequest::ListDnas)).await;
        }
        let mut ids = Vec::new();
        for _ in 0..1000 {
            let (id, data) = answer(&mut socket).await.expect("the connection ended");
            listed(&data);
            ids.push(id);
        }
        ids.sort_unstable();
        assert!(ids.into_iter().eq(0..1000));
    });
}

#[test]
fn requests_of_one_id_are_each_answered() {
    run(async |server| {
        let mut socket = admin(server).await;
        for _ in 0..20 {
            request(&mut socket, 5, encode(&AdminRequest::ListDnas)).await;
        }
        for _ in 0..20 {
            assert_eq!(answer(&mut socket).await.expect("the connection ended").0, 5);
        }
        lives(&mut socket).await;
    });
}

#[test]
fn a_message_nested_without_end_is_passed_over() {
    run(async |server| {
        for depth in [500, 1000, 100_000] {
            let nested = [vec![0x91; depth], vec![0xc0]].concat();
            let mut socket = admin(server).await;
            let frame = [&b"\x82\xa4type\xa7request\xa4data"[..], &nested].concat();
            socket.send(Message::Binary(frame.into())).await.unwrap();
            lives(&mut socket).await;
        }
    });
}

#[test]
fn a_request_nested_without_end_is_refused() {
    run(async |server| {
        for depth in [500, 1000, 100_000] {
            let nested = [vec![0x91; depth], vec![0xc0]].concat();
            let mut socket = admin(server).await;
            request(&mut socket, 1, [&b"\x82\xa5value"[..], &nested].concat()).await;
            request(&mut socket, 1, [&b"\x82\xa4type\xabinstall_app\xa5value"[..], &nested].concat()).await;
            for _ in 0..2 {
                answer(&mut socket).await.expect("the connection ended");
            }
            lives(&mut socket).await;
        }
    });
}

/// A connection to the app interface that has shown its token.
pub(crate) async fn authenticated(server: &Server, id: &str) -> Socket {
    let token = server.admin.issue_app_auth_token(id.to_owned().into()).await.unwrap().token;
    let mut socket = open(server.port).await;
    let data = encode(&holochain_conductor_api::AppAuthenticationRequest { token });
    send(&mut socket, &WireMessage::Authenticate { data }).await;
    request(&mut socket, 1, encode(&AppRequest::AppInfo)).await;
    let (_, data) = answer(&mut socket).await.expect("the token is not good");
    assert!(matches!(rmp_serde::from_slice(&data).unwrap(), AppResponse::AppInfo(Some(_))));
    socket
}
