//! Clients that do not speak the protocol, or all of it at once.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use holochain_conductor_api::{AdminRequest, AdminResponse, AppRequest, AppResponse, ExternalApiWireError};
use holochain_websocket::WireMessage;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use ham_devconductor::{Config, DevConductor};

use crate::support::{Server, fresh_name, nothing, run};
use crate::zome::{Dna, GOOD, app, asks_with, import, module};

pub(crate) type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

/// A connection on which nothing has been said.
pub(crate) async fn open(port: u16) -> Socket {
    let mut request = format!("ws://127.0.0.1:{port}").into_client_request().unwrap();
    request.headers_mut().insert("Origin", "test".parse().unwrap());
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.unwrap().0
}

async fn admin(server: &Server) -> Socket {
    open(server.conductor.admin_port()).await
}

pub(crate) fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap()
}

pub(crate) async fn send(socket: &mut Socket, message: &WireMessage) {
    socket.send(Message::Binary(encode(message).into())).await.unwrap();
}

async fn request(socket: &mut Socket, id: u64, data: Vec<u8>) {
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
async fn lives(socket: &mut Socket) {
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

/// A frame's head that announces so many bytes, masked.
fn head(announced: u64) -> Vec<u8> {
    [&[0x82, 0xff][..], &announced.to_be_bytes(), &[0; 4]].concat()
}

#[test]
fn a_frame_that_announces_too_much_ends_the_connection() {
    run(async |server| {
        for announced in [17 << 20, 1 << 40, u64::MAX >> 1, u64::MAX] {
            let mut socket = admin(server).await;
            let stream = socket.get_mut();
            stream.write_all(&head(announced)).await.unwrap();
            let mut rest = Vec::new();
            // Nothing more is sent, and the conductor waits for nothing more.
            let _ = stream.read_to_end(&mut rest).await;
        }
        // Frames that are not masked, of an unknown kind, and with reserved bits.
        for frame in [[0x82, 0x01, 0xc0], [0x8f, 0x80, 0x00], [0xf2, 0x80, 0x00]] {
            let mut socket = admin(server).await;
            let stream = socket.get_mut();
            stream.write_all(&frame).await.unwrap();
            stream.write_all(&[0; 3]).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
}

/// Why the conductor closes a connection.
async fn closed(socket: &mut Socket) -> CloseFrame {
    loop {
        if let Message::Close(frame) = socket.next().await.unwrap().unwrap() {
            return frame.unwrap();
        }
    }
}

/// Thirty connections with an unfinished message each took 1.9 GB, for as long as they liked.
#[tokio::test(flavor = "multi_thread")]
async fn unfinished_messages_take_what_there_is_and_the_next_client_is_told() {
    const MOST: u64 = 1 << 20;
    let config = Config::default().with_incoming_bytes(MOST).with_message_time(Duration::from_secs(300));
    let conductor = DevConductor::start_with(config).await.unwrap();
    let port = conductor.admin_port();
    // What is announced is nothing yet; 64 KiB of what has come are not counted.
    let half = vec![0; 500 << 10];
    let mut first = open(port).await;
    first.get_mut().write_all(&head(2 * half.len() as u64)).await.unwrap();
    first.get_mut().write_all(&half).await.unwrap();
    let mut small = open(port).await;
    lives(&mut small).await;
    let mut second = open(port).await;
    second.get_mut().write_all(&head(15 << 20)).await.unwrap();
    // It is read no further, and thrown away.
    let _ = second.get_mut().write_all(&vec![0; 14 << 20]).await;
    let told = closed(&mut second).await;
    assert_eq!(u16::from(told.code), 1013, "{told}");
    assert!(told.reason.contains("1048576 bytes (--max-incoming-bytes)"), "{told}");
    lives(&mut small).await;
    // It is listened to for a moment, and then its room is there again: whoever was first may end.
    while second.next().await.is_some_and(|read| read.is_ok()) {}
    first.get_mut().write_all(&half).await.unwrap();
    lives(&mut first).await;
    small.get_mut().write_all(&[head(2 * half.len() as u64), half.clone(), half].concat()).await.unwrap();
    lives(&mut small).await;
    conductor.shut_down().await;
}

/// An unfinished message waited for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_complete_in_time_ends_its_connection() {
    let conductor = DevConductor::start_with(Config::default().with_message_time(Duration::from_millis(200)))
        .await
        .unwrap();
    let mut slow = open(conductor.admin_port()).await;
    slow.get_mut().write_all(&head(100)).await.unwrap();
    let told = closed(&mut slow).await;
    assert_eq!(u16::from(told.code), 1008, "{told}");
    assert!(told.reason.contains("200ms (--max-message-time)"), "{told}");
    conductor.shut_down().await;
}

#[test]
fn what_is_no_websocket_is_cut_off() {
    run(async |server| {
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01", &[0; 64], &[b'a'; 100_000]]
        {
            let mut stream = TcpStream::connect(server.conductor.admin_address()).await.unwrap();
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
}

#[test]
fn a_client_that_never_shakes_hands_keeps_nobody_out() {
    run(async |server| {
        let mut silent = Vec::new();
        for port in [server.conductor.admin_port(), server.port] {
            for _ in 0..20 {
                silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
            }
        }
        tokio::time::timeout(Duration::from_secs(20), async {
            lives(&mut admin(server).await).await;
            server.serves().await;
        })
        .await
        .expect("clients that say nothing keep others out");
        drop(silent);
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

#[test]
fn a_client_that_reads_nothing_slows_nobody() {
    run(async |server| {
        // Sixteen kilobytes a signal, a hundred and more of them a call, twenty calls: more than any socket holds.
        let text = [&b"\xc5\x40\x00"[..], &[7; 16_384]].concat();
        let escaped: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let emit = format!(
            "(local $left i32) (local.set $left (i32.const 150))
            (loop $on
                (drop (call $host (i32.const 32768) (i32.const {})))
                (global.set $top (i32.const 8192))
                (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            {GOOD}",
            text.len()
        );
        let data = format!(r#"(data (i32.const 32768) "{escaped}")"#);
        let code = module(&import("emit_signal_1"), &format!("{data} {}", crate::zome::function(&emit)));
        let id = server.install(Dna::with_coordinator(&code)).await.unwrap();
        let (deaf, app) = (authenticated(server, &id).await, server.connect(&id).await);
        for _ in 0..20 {
            app.call("run", ()).await.unwrap();
        }
        app.call("good", ()).await.unwrap();
        drop(deaf);
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

#[test]
fn a_client_that_asks_and_reads_nothing_slows_nobody() {
    run(async |server| {
        let id = server.install_bytes(app(&fresh_name(), &[Dna::good()])).await.unwrap();
        let mut socket = authenticated(server, &id).await;
        // The answers are larger than the requests: sooner or later neither side's socket takes more.
        let flood = async {
            for id in 0..20_000 {
                request(&mut socket, id, encode(&AppRequest::ListWasmHostFunctions)).await;
            }
        };
        let serve = async {
            for _ in 0..3 {
                server.serves().await;
            }
        };
        tokio::select! { () = flood => {} () = serve => {} }
    });
}

#[test]
fn a_connection_that_ends_during_its_call_ends_nothing_else() {
    run(async |server| {
        let body = format!("{} {}", asks_with(r"\c0", 1), "");
        let app = server.app(&import("sys_time_1"), &body).await;
        for _ in 0..5 {
            let mut socket = authenticated(server, &app.id).await;
            let signed = app.sign(&app.params("good", nothing()));
            request(&mut socket, 1, encode(&AppRequest::CallZome(Box::new(signed)))).await;
            drop(socket);
        }
        app.call("good", ()).await.unwrap();
    });
}
