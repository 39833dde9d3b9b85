//! The other end of a dial: who is let in, how the rest is answered, and that it is the same link.

#![expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ham_persistent::Connection;
use ham_session::{
    AcceptError, DialError, DialPhase, Gate, Incoming, Link, LinkEnd, SessionConfig, Target, accept,
    accept_upgraded, dial,
};
use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderValue, StatusCode};
use support::json::{Json, reply, request};
use support::{far, must, recorder};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Accepts with a new recorder; what is delivered is forgotten.
async fn accepted(io: DuplexStream, gate: Gate) -> Result<Link<Json>, AcceptError> {
    let (inbox, _kept) = recorder();
    must(accept(io, &gate, Arc::new(Json), inbox, &SessionConfig::default())).await
}

/// What a raw request is answered with, and what the accept made of it.
async fn answered(request: &str, gate: Gate) -> (String, Result<Link<Json>, AcceptError>) {
    let (ours, mut theirs) = duplex(64 << 10);
    let asking = async {
        theirs.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") && theirs.read(&mut byte).await.unwrap() == 1 {
            answer.push(byte[0]);
        }
        drop(theirs);
        String::from_utf8(answer).unwrap()
    };
    must(async { tokio::join!(asking, accepted(ours, gate)) }).await
}

fn upgrade(more: &str) -> String {
    format!(
        "GET /connect?token=hush HTTP/1.1\r\nHost: here\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_of_ours_ask_each_other_over_one_link() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (at_server, mut to_server) = recorder();
    let (at_client, mut to_client) = recorder();
    let serving = async {
        let (tcp, _) = listener.accept().await.unwrap();
        accept(tcp, &Gate::default(), Arc::new(Json), at_server, &SessionConfig::default()).await.unwrap()
    };
    let target = Target::new(format!("ws://{address}/").parse().unwrap());
    let config = SessionConfig::default();
    let (client, server) = tokio::join!(dial(&target, Arc::new(Json), at_client, &config), serving);
    let client = client.unwrap();
    for (asking, answering, asked) in [(&client, &server, &mut to_server), (&server, &client, &mut to_client)]
    {
        let answer = async {
            let Some(Incoming::Request { key, .. }) = must(asked.recv()).await else { panic!("a request") };
            answering.try_send(reply(&key)).unwrap();
        };
        let (told, ()) = tokio::join!(asking.request(request("1"), far()), answer);
        assert_eq!(told.unwrap(), reply("1"));
    }
    must(server.close()).await;
    assert!(matches!(*must(client.closed()).await, LinkEnd::ClosedByPeer { code: 1000, .. }));
}

/// A page of any site can open a WebSocket to whatever its visitor reaches.
#[tokio::test]
async fn a_browser_is_let_in_only_from_an_origin_that_was_named() {
    let evil = upgrade("Origin: https://evil.example\r\n");
    let (answer, refused) = answered(&evil, Gate::default()).await;
    assert_eq!(status(&answer), 403);
    assert!(matches!(refused, Err(AcceptError::Refused { status: StatusCode::FORBIDDEN })));
    let ours = || Gate::default().with_origins(|origin| origin == "https://app.example");
    assert_eq!(status(&answered(&evil, ours()).await.0), 403);
    assert_eq!(status(&answered(&upgrade("Origin: null\r\n"), ours()).await.0), 403);
    let two = upgrade("Origin: https://app.example\r\nOrigin: https://evil.example\r\n");
    assert_eq!(status(&answered(&two, ours()).await.0), 403);
    let (answer, link) = answered(&upgrade("Origin: https://app.example\r\n"), ours()).await;
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{answer}"
    );
    link.unwrap();
    // What is no browser has none.
    answered(&upgrade(""), Gate::default()).await.1.unwrap();
}

#[tokio::test]
async fn a_check_sees_path_query_and_token_and_names_the_status() {
    let gate = || {
        Gate::default().with_check(|request| {
            assert_eq!(request.uri().path(), "/connect");
            match request.headers().get(AUTHORIZATION) {
                Some(token) if token == "Bearer sesame" => Ok(()),
                Some(_) => Err(StatusCode::OK),
                None => Err(StatusCode::UNAUTHORIZED),
            }
        })
    };
    let (answer, _) = answered(&upgrade(""), gate()).await;
    assert!(status(&answer) == 401 && answer.contains("WWW-Authenticate: Bearer"), "{answer}");
    // What is no error cannot be an answer to one who is refused.
    assert_eq!(status(&answered(&upgrade("Authorization: Bearer x\r\n"), gate()).await.0), 403);
    answered(&upgrade("Authorization: Bearer sesame\r\n"), gate()).await.1.unwrap();
}

#[tokio::test]
async fn what_asks_for_no_websocket_is_told_what_is_missing() {
    let plain = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
    let version = upgrade("").replace("Version: 13", "Version: 8");
    let key = upgrade("").replace("dGhl", "");
    let host = upgrade("").replace("Host: here\r\n", "");
    for (request, wanted) in [
        (plain, 426),
        ("POST / HTTP/1.1\r\nHost: here\r\n\r\n", 405),
        ("GET / HTTP/1.0\r\nHost: here\r\n\r\n", 400),
        ("\u{1}\u{2} nonsense\r\n\r\n", 400),
        (&version, 426),
        (&key, 400),
        (&host, 400),
    ] {
        let (answer, refused) = answered(request, Gate::default()).await;
        assert_eq!(status(&answer), wanted, "{request}");
        let Err(AcceptError::NoUpgrade { status }) = refused else { panic!("{request}") };
        assert_eq!(status.as_u16(), wanted);
    }
}

#[tokio::test]
async fn a_request_has_a_bound_and_the_refusal_is_not_lost_to_a_reset() {
    let endless = upgrade(&format!("Cookie: {}\r\n", "x".repeat(40_000)));
    let (answer, refused) = answered(&endless, Gate::default()).await;
    assert_eq!(status(&answer), 431);
    assert!(matches!(refused, Err(AcceptError::HeadTooLarge { limit: 16_384 })));
    let fits = upgrade("");
    answered(&fits, Gate::default().with_max_head(fits.len())).await.1.unwrap();
    assert_eq!(status(&answered(&fits, Gate::default().with_max_head(fits.len() - 1)).await.0), 431);
    // Over TCP the bytes that nobody reads would reset the connection.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let asking = async {
        let mut tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        tcp.write_all(endless.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let serving = async {
        let (inbox, _kept) = recorder();
        let (tcp, _) = listener.accept().await.unwrap();
        accept(tcp, &Gate::default(), Arc::new(Json), inbox, &SessionConfig::default()).await
    };
    let (answer, refused) = must(async { tokio::join!(asking, serving) }).await;
    assert!(status(&answer) == 431 && refused.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_byte_by_byte_has_an_end() {
    let (ours, mut theirs) = duplex(64 << 10);
    let (inbox, _kept) = recorder();
    let config = SessionConfig::default().with_connect_timeout(Duration::from_secs(5));
    let gate = Gate::default();
    let accepting = accept(ours, &gate, Arc::new(Json), inbox, &config);
    let dribbling = async {
        for byte in upgrade("").bytes() {
            if theirs.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_secs(1)).await;
        }
    };
    let (refused, ()) = tokio::join!(accepting, dribbling);
    assert!(matches!(refused, Err(AcceptError::TimedOut { phase: DialPhase::Upgrade, .. })), "{refused:?}");
}

#[tokio::test]
async fn frames_that_follow_the_request_at_once_are_read() {
    let (ours, mut theirs) = duplex(64 << 10);
    let mut bytes = upgrade("").into_bytes();
    // A masked text frame, `{}`, its mask zeroes.
    bytes.extend_from_slice(&[0x81, 0x82, 0, 0, 0, 0, b'{', b'}']);
    theirs.write_all(&bytes).await.unwrap();
    let (inbox, mut delivered) = recorder();
    let gate = Gate::default();
    let link = must(accept(ours, &gate, Arc::new(Json), inbox, &SessionConfig::default())).await.unwrap();
    assert!(matches!(must(delivered.recv()).await, Some(Incoming::Push(_))));
    drop(link);
}

#[tokio::test]
async fn a_stream_that_was_upgraded_elsewhere_is_a_link_too() {
    let (ours, theirs) = duplex(64 << 10);
    let (inbox, mut delivered) = recorder();
    let link = accept_upgraded(ours, Arc::new(Json), inbox, &SessionConfig::default()).await.unwrap();
    let mut peer = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    peer.send(Message::text(request("7").to_string())).await.unwrap();
    assert!(matches!(must(delivered.recv()).await, Some(Incoming::Request { .. })));
    let close = CloseFrame { code: 4000.into(), reason: "done".into() };
    peer.send(Message::Close(Some(close))).await.unwrap();
    let end = must(link.closed()).await;
    assert!(matches!(&*end, LinkEnd::ClosedByPeer { code: 4000, reason } if reason == "done"), "{end:?}");
    // The close frame was answered.
    assert!(
        matches!(must(peer.next()).await, Some(Ok(Message::Close(Some(close)))) if close.code == 4000.into())
    );
}

/// Frames of a client are masked: four bytes more than those of a server, which must not count as a message that was begun.
#[tokio::test(start_paused = true)]
async fn a_client_that_only_pings_is_not_writing_a_message_for_ever() {
    let (ours, theirs) = duplex(64 << 10);
    let (asked, link) = tokio::join!(client_async("ws://here/", theirs), accepted(ours, Gate::default()));
    let (mut peer, _) = asked.unwrap();
    let link = link.unwrap();
    for _ in 0..60 {
        peer.send(Message::Ping("hello".into())).await.unwrap();
        let came =
            tokio::time::timeout(Duration::from_secs(5), async { while peer.next().await.is_some() {} });
        assert!(came.await.is_err(), "{:?}", link.end());
    }
    assert!(link.end().is_none());
}

#[tokio::test]
async fn a_dial_is_told_the_status_of_a_refusal() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::new(format!("ws://{}/", listener.local_addr().unwrap()).parse().unwrap())
        .with_header(ORIGIN, HeaderValue::from_static("https://evil.example"));
    let serving = tokio::spawn(async move {
        let (inbox, _kept) = recorder();
        let (tcp, _) = listener.accept().await.unwrap();
        accept(tcp, &Gate::default(), Arc::new(Json), inbox, &SessionConfig::default()).await
    });
    let (inbox, _kept) = recorder();
    let error = dial(&target, Arc::new(Json), inbox, &SessionConfig::default()).await.unwrap_err();
    assert!(matches!(error, DialError::Refused { status: StatusCode::FORBIDDEN, .. }), "{error:?}");
    must(serving).await.unwrap().unwrap_err();
}
