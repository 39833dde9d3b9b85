//! The server, over a real socket, with a raw client: who is let in, and how connections end.

#![cfg(feature = "server")]

mod support;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ham_feed::server::FeedServerConfig;
use serde_json::json;
use support::must;
use support::raw::{Client, connect, hear, ping, say, serve, status, status_of, subscribe};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite_030::connect_async;
use tokio_tungstenite_030::tungstenite::Message;
use tokio_tungstenite_030::tungstenite::client::IntoClientRequest;
use tokio_tungstenite_030::tungstenite::protocol::CloseFrame;
use tokio_tungstenite_030::tungstenite::protocol::frame::coding::CloseCode;

#[tokio::test]
async fn a_token_is_needed_where_one_is_asked_for() {
    let (_server, address) = serve(FeedServerConfig::default().with_tokens(["s3cret"])).await;
    assert_eq!(status_of(connect(address, "").await), 401);
    assert_eq!(status_of(connect(address, "?token=other").await), 401);
    ping(&mut connect(address, "?token=s3cret").await.unwrap()).await;
}

#[tokio::test]
async fn connections_are_counted_and_bounded() {
    let (server, address) =
        serve(FeedServerConfig::default().with_max_connections(2.try_into().unwrap())).await;
    let mut one = connect(address, "").await.unwrap();
    subscribe(&mut one, json!({ "action": "subscribe", "chain_name": "a" })).await;
    let mut other = connect(address, "").await.unwrap();
    ping(&mut other).await;
    assert_eq!(status_of(connect(address, "").await), 503);
    let shown = status(address, "").await;
    assert_eq!(
        shown,
        json!({ "status": "running", "stats": { "total_connections": 2, "max_connections": 2, "chains": { "a": 1 } } })
    );
    one.close(None).await.unwrap();
    while must(one.next()).await.is_some_and(|message| message.is_ok()) {}
    // Its place is free as soon as the server has seen the end of it.
    must(async {
        while server.connections() > 1 {
            tokio::task::yield_now().await
        }
    })
    .await;
    ping(&mut connect(address, "").await.unwrap()).await;
    drop(other);
}

/// A bound of `usize::MAX` panicked.
#[tokio::test]
async fn no_bound_on_connections_is_too_large() {
    let (server, address) = serve(FeedServerConfig::default().with_max_connections(NonZeroUsize::MAX)).await;
    let mut one = connect(address, "").await.unwrap();
    ping(&mut one).await;
    assert_eq!(server.connections(), 1);
    drop(one);
    must(server.shutdown()).await;
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn what_is_too_large_ends_its_connection_only() {
    let (_server, address) = serve(FeedServerConfig::default()).await;
    let mut other = connect(address, "").await.unwrap();
    let mut client = connect(address, "").await.unwrap();
    let _ = client.send(Message::text("x".repeat(100_000))).await;
    while must(client.next()).await.is_some_and(|message| message.is_ok()) {}
    ping(&mut other).await;
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let (server, address) = serve(FeedServerConfig::default()).await;
    let mut client = connect(address, "").await.unwrap();
    ping(&mut client).await;
    let closed = async {
        let Some(Ok(Message::Close(Some(frame)))) = must(client.next()).await else {
            panic!("a close frame")
        };
        assert_eq!(frame.code, CloseCode::Away);
        while must(client.next()).await.is_some_and(|message| message.is_ok()) {}
    };
    must(async { tokio::join!(server.shutdown(), closed) }).await;
    assert_eq!(status_of(connect(address, "").await), 503);
}

#[tokio::test]
async fn a_client_that_is_gone_without_a_word_is_given_up() {
    let quick = std::time::Duration::from_millis(50);
    let (server, address) = serve(FeedServerConfig::default().with_ping(quick, quick)).await;
    // It never reads, so it answers no ping.
    let _silent = connect(address, "").await.unwrap();
    must(async {
        while server.connections() > 0 {
            tokio::task::yield_now().await
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_can_ping_never() {
    let endless = FeedServerConfig::default().with_ping(Duration::MAX, Duration::MAX);
    let (server, address) = serve(endless).await;
    let mut client = connect(address, "").await.unwrap();
    ping(&mut client).await;
    drop(client);
    server.shutdown().await;
    let soon = FeedServerConfig::default().with_ping(Duration::from_millis(1), Duration::MAX);
    let (_server, address) = serve(soon).await;
    let mut client = connect(address, "").await.unwrap();
    ping(&mut client).await;
}

/// A page of any site that its visitor had open could read a feed on the loopback.
#[tokio::test]
async fn a_page_of_another_site_is_not_let_in() {
    let of_page = async |address: SocketAddr, origin: &str| {
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        must(connect_async(request)).await.map(|(client, _)| client)
    };
    let (_server, address) = serve(FeedServerConfig::default()).await;
    for other in ["https://example.org", "null"] {
        assert_eq!(status_of(of_page(address, other).await), 403, "{other}");
    }
    ping(&mut of_page(address, "http://localhost:3000").await.unwrap()).await;
    let named = FeedServerConfig::default().with_origins(|origin| origin == "https://example.org");
    let (_server, address) = serve(named).await;
    ping(&mut of_page(address, "https://example.org").await.unwrap()).await;
    assert_eq!(status_of(of_page(address, "http://localhost:3000").await), 403);
}

/// The names of the chains were told to whoever asked.
#[tokio::test]
async fn the_status_names_chains_to_who_has_a_token() {
    let (_server, address) = serve(FeedServerConfig::default().with_tokens(["t"])).await;
    let mut client = connect(address, "?token=t").await.unwrap();
    subscribe(&mut client, json!({ "action": "subscribe", "chain_name": "private" })).await;
    for query in ["", "?token=other"] {
        let told = status(address, query).await;
        assert_eq!(told["stats"]["total_connections"], 1);
        assert!(!told.to_string().contains("private"), "{told}");
    }
    assert_eq!(status(address, "?token=t").await["stats"]["chains"], json!({ "private": 1 }));
}

/// A connection could make the server keep 256 names of 16 KiB.
#[tokio::test]
async fn a_name_has_a_length() {
    let (_server, address) = serve(FeedServerConfig::default().with_max_name(8)).await;
    let mut client = connect(address, "").await.unwrap();
    subscribe(
        &mut client,
        json!({ "action": "subscribe", "chain_name": "12345678", "event_type": "12345678" }),
    )
    .await;
    for (chain, event_type) in [("123456789", "t"), ("a", "123456789")] {
        say(&mut client, json!({ "action": "subscribe", "chain_name": chain, "event_type": event_type }))
            .await;
        let error = hear(&mut client).await;
        assert!(error["message"].as_str().unwrap().contains("at most 8 bytes"), "{error}");
    }
    ping(&mut client).await;
}

/// The socket was dropped at a close frame: browsers reported 1006, and other clients' `close` failed.
#[tokio::test]
async fn a_close_frame_is_answered_with_its_code() {
    let (_server, address) = serve(FeedServerConfig::default()).await;
    for code in [CloseCode::Normal, CloseCode::Away, CloseCode::Library(4001)] {
        let mut client = connect(address, "").await.unwrap();
        ping(&mut client).await;
        client.close(Some(CloseFrame { code, reason: "done".into() })).await.unwrap();
        assert_eq!(closed_with(&mut client).await, code);
        assert!(must(client.next()).await.is_none(), "the handshake was not clean");
    }
}

/// The socket was dropped without a word.
#[tokio::test]
async fn a_violation_is_answered_with_its_code() {
    let (_server, address) = serve(FeedServerConfig::default()).await;
    let mut too_large = vec![0x81, 0xff];
    too_large.extend_from_slice(&(1_u64 << 19).to_be_bytes());
    too_large.extend_from_slice(&vec![0; 4 + (1 << 19)]);
    for (bytes, code) in [
        // An opcode that is not there, a text that is not UTF-8, and a frame of half a mebibyte, all of which is sent: to close
        // with bytes unread would reset the connection.
        (vec![0x83, 0x80, 0, 0, 0, 0], CloseCode::Protocol),
        (vec![0x81, 0x81, 0, 0, 0, 0, 0xff], CloseCode::Invalid),
        (too_large, CloseCode::Size),
    ] {
        let mut client = connect(address, "").await.unwrap();
        ping(&mut client).await;
        client.get_mut().write_all(&bytes).await.unwrap();
        assert_eq!(closed_with(&mut client).await, code);
        assert!(must(client.next()).await.is_none_or(|end| end.is_err()));
    }
}

/// What asks for no WebSocket is told so.
#[tokio::test]
async fn a_plain_request_is_refused() {
    let (server, address) = serve(FeedServerConfig::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    must(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
    assert_eq!(server.connections(), 0);
}

async fn closed_with(client: &mut Client) -> CloseCode {
    match must(client.next()).await {
        Some(Ok(Message::Close(Some(frame)))) => frame.code,
        other => panic!("no close frame: {other:?}"),
    }
}
