//! The server, over a real socket, with a raw client.

#![cfg(feature = "server")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ham_feed::server::{FeedServer, FeedServerConfig};
use ham_feed::{FeedClient, FeedConfig, FeedItem, Topic};
use serde_json::{Value, json};
use support::{BOUND, must};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite_030::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite_030::tungstenite::{Error, Message};
use tokio_tungstenite_030::{MaybeTlsStream, WebSocketStream, connect_async};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
async fn serve(config: FeedServerConfig) -> (FeedServer, SocketAddr) {
    let server = FeedServer::new(config).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (server, address)
}

async fn connect(address: SocketAddr, query: &str) -> Result<Client, Error> {
    must(connect_async(format!("ws://{address}/ws{query}"))).await.map(|(client, _)| client)
}

async fn say(client: &mut Client, message: Value) {
    client.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(client: &mut Client) -> Value {
    loop {
        match must(client.next()).await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Subscribes, and waits until the server has heard it: it answers in order.
async fn subscribe(client: &mut Client, message: Value) {
    say(client, message).await;
    ping(client).await;
}

async fn ping(client: &mut Client) {
    say(client, json!({ "action": "ping" })).await;
    let pong = hear(client).await;
    assert_eq!(pong["type"], "pong");
    assert!(pong["timestamp"].as_u64().unwrap() > 1_700_000_000);
}

fn status_of(refused: Result<Client, Error>) -> u16 {
    match refused {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// The body of `GET /ws/status`.
async fn status(address: SocketAddr) -> Value {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /ws/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    must(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(&answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()]).unwrap()
}

#[tokio::test]
async fn a_token_is_needed_where_one_is_asked_for() {
    let (_server, address) = serve(FeedServerConfig::default().with_tokens(["s3cret"])).await;
    assert_eq!(status_of(connect(address, "").await), 401);
    assert_eq!(status_of(connect(address, "?token=other").await), 401);
    ping(&mut connect(address, "?token=s3cret").await.unwrap()).await;
}

#[tokio::test]
async fn blocks_and_events_reach_whom_they_concern_once() {
    let (server, address) = serve(FeedServerConfig::default()).await;
    let mut all = connect(address, "").await.unwrap();
    // As the document's example does: the chain, and one type of its events, on one connection.
    say(&mut all, json!({ "action": "subscribe", "chain_name": "a" })).await;
    subscribe(&mut all, json!({ "action": "subscribe", "chain_name": "a", "event_type": "t" })).await;
    let mut some = connect(address, "").await.unwrap();
    subscribe(&mut some, json!({ "action": "subscribe", "chain_name": "a", "event_type": "t" })).await;
    let block = json!({ "block_hash": "ab", "height": 10 });
    let event = |of: &str| json!({ "entity_id": "e", "event_type": of });
    assert_eq!(server.publish_block("a", &block), 1);
    assert_eq!(server.publish_event("a", &event("t")), 2);
    assert_eq!(server.publish_event("a", &event("u")), 1);
    assert_eq!(server.publish_event("b", &event("t")), 0);
    assert_eq!(hear(&mut all).await, json!({ "type": "new_block", "chain_name": "a", "data": block }));
    let of = |event_type: &str| json!({ "type": "new_event", "chain_name": "a", "data": event(event_type) });
    assert_eq!(hear(&mut all).await, of("t"));
    assert_eq!(hear(&mut all).await, of("u"));
    assert_eq!(hear(&mut some).await, of("t"));
    // Taken back, nothing comes any more: the pong is next.
    subscribe(&mut all, json!({ "action": "unsubscribe", "chain_name": "a" })).await;
    assert_eq!(server.publish_block("a", &block), 0);
    ping(&mut all).await;
}

#[tokio::test]
async fn what_is_wrong_is_told_and_the_connection_stays() {
    let config = FeedServerConfig::default().with_chains(["a"]).with_max_subscriptions(1.try_into().unwrap());
    let (_server, address) = serve(config).await;
    let mut client = connect(address, "").await.unwrap();
    subscribe(&mut client, json!({ "action": "subscribe", "chain_name": "a" })).await;
    for (message, told) in [
        ("nonsense", "invalid JSON"),
        ("[]", "no action"),
        (r#"{"type":"subscribe"}"#, "no action"),
        (r#"{"action":7}"#, "no action"),
        (r#"{"action":"dance"}"#, "unknown action"),
        (r#"{"action":"subscribe"}"#, "chain_name"),
        (r#"{"action":"subscribe","chain_name":"b"}"#, "unknown chain: b"),
        (r#"{"action":"subscribe","chain_name":"a","event_type":"t"}"#, "too many subscriptions"),
    ] {
        client.send(Message::text(message)).await.unwrap();
        let error = hear(&mut client).await;
        assert_eq!(error["type"], "error");
        assert!(error["message"].as_str().unwrap().contains(told), "{message}: {error}");
    }
    client.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(hear(&mut client).await["type"], "error");
    ping(&mut client).await;
}

#[tokio::test]
async fn a_slow_subscriber_is_told_what_it_lost_and_delays_nobody() {
    let (server, address) = serve(FeedServerConfig::default().with_queue(16.try_into().unwrap())).await;
    let mut slow = connect(address, "").await.unwrap();
    let mut quick = connect(address, "").await.unwrap();
    let on_a = json!({ "action": "subscribe", "chain_name": "a" });
    subscribe(&mut slow, on_a.clone()).await;
    subscribe(&mut quick, on_a).await;
    let body = "x".repeat(1 << 20);
    // More than its queue and the sockets' buffers hold, while the other one reads each.
    for n in 0..64 {
        assert_eq!(server.publish_block("a", &json!({ "n": n, "body": body })), 2);
        assert_eq!(hear(&mut quick).await["data"]["n"], n);
    }
    let (mut came, mut lost) = (0_u64, 0_u64);
    while came + lost < 64 {
        let message = hear(&mut slow).await;
        match message["message"].as_str() {
            None => came += 1,
            Some(told) => lost += told.split(' ').nth(1).unwrap().parse::<u64>().unwrap(),
        }
    }
    assert!(lost > 0 && came + lost == 64, "{came} came, {lost} were told lost");
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
async fn connections_are_counted_and_bounded() {
    let (server, address) =
        serve(FeedServerConfig::default().with_max_connections(2.try_into().unwrap())).await;
    let mut one = connect(address, "").await.unwrap();
    subscribe(&mut one, json!({ "action": "subscribe", "chain_name": "a" })).await;
    let mut other = connect(address, "").await.unwrap();
    ping(&mut other).await;
    assert_eq!(status_of(connect(address, "").await), 503);
    let shown = status(address).await;
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
async fn the_client_of_this_crate_follows_it() {
    let (server, address) = serve(FeedServerConfig::default().with_tokens(["t"]).with_chains(["a"])).await;
    let config = || {
        FeedConfig::new(format!("ws://{address}/ws").parse().unwrap())
            .with_endpoint(|endpoint| endpoint.with_token("t"))
    };
    let mut feed = FeedClient::new(config()).unwrap().subscribe(Topic::chain("a"), BOUND).await.unwrap();
    server.publish_block("a", &json!({ "height": 1 }));
    assert!(matches!(support::next(&mut feed).await, FeedItem::Block { data, .. } if data["height"] == 1));
    feed.ping(BOUND).await.unwrap();
    let unknown = FeedClient::new(config()).unwrap().subscribe(Topic::chain("b"), BOUND).await.unwrap_err();
    assert!(unknown.to_string().contains("unknown chain: b"), "{unknown}");
    feed.unsubscribe(BOUND).await.unwrap();
}

#[tokio::test]
async fn what_waits_for_a_subscriber_is_bounded_in_bytes() {
    let (server, address) = serve(FeedServerConfig::default().with_queue_bytes(1 << 20)).await;
    let mut slow = connect(address, "").await.unwrap();
    subscribe(&mut slow, json!({ "action": "subscribe", "chain_name": "a" })).await;
    let body = "x".repeat(1 << 20);
    // Far fewer than it may count, and more than it may hold beside the sockets' buffers.
    for n in 0..64 {
        assert_eq!(server.publish_block("a", &json!({ "n": n, "body": body })), 1);
    }
    let (mut came, mut lost) = (0_u64, 0_u64);
    while came + lost < 64 {
        let message = hear(&mut slow).await;
        match message["message"].as_str() {
            None => came += 1,
            Some(told) => lost += told.split(' ').nth(1).unwrap().parse::<u64>().unwrap(),
        }
    }
    assert!(lost > 0 && came + lost == 64, "{came} came, {lost} were told lost");
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
