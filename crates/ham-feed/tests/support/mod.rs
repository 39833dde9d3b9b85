//! Servers of both dialects whose other end the test holds.

#![allow(clippy::allow_attributes, dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test helper fails its test by panicking")]

pub(crate) mod python;
#[cfg(feature = "server")]
pub(crate) mod raw;

use std::time::Duration;

use ham_feed::{Data, Dialect, FeedClient, FeedConfig, FeedItem, SubscribeError, Subscription, Topic};
use ham_persistent::{Exponential, ResetRule};
use ham_testkit::server::{Behaviour, Message, Peer, Server};
use serde_json::{Value, json};

pub(crate) use ham_testkit::wait::{BOUND, must};

pub(crate) async fn driven() -> Server {
    Server::start([Behaviour::Driven]).await.unwrap()
}

pub(crate) fn config(url: &str) -> FeedConfig {
    // Tests cut links that did not last, and want the next one.
    let retry = Exponential::new(Duration::from_millis(1), Duration::from_millis(20))
        .with_reset(ResetRule::OnConnect);
    FeedConfig::new(url.parse().unwrap())
        .with_endpoint(|endpoint| endpoint.with_retry(retry).with_min_pause(Duration::from_millis(1)))
}

pub(crate) async fn hear(peer: &mut Peer) -> Value {
    match peer.receive().await.unwrap() {
        Message::Text(text) => serde_json::from_str(&text).unwrap(),
        Message::Binary(_) => panic!("a binary frame"),
    }
}

pub(crate) async fn say(peer: &mut Peer, message: Value) {
    peer.send(Message::Text(message.to_string())).await.unwrap();
}

/// The server's side of subscribing.
pub(crate) async fn welcome(server: &Server, dialect: Dialect) -> (Peer, Value) {
    let mut peer = server.next_peer().await.unwrap();
    let asked = welcome_peer(&mut peer, dialect).await;
    (peer, asked)
}

pub(crate) async fn welcome_peer(peer: &mut Peer, dialect: Dialect) -> Value {
    if dialect == Dialect::HieraChain02 {
        say(peer, json!({ "type": "connected", "connection_id": "c", "chain_name": "all" })).await;
    }
    let asked = hear(peer).await;
    if dialect == Dialect::HieraChain02 {
        say(peer, json!({ "type": "subscribed", "chain_name": asked["chain_name"], "event_types": [] }))
            .await;
    }
    asked
}

/// Answers the ping that a subscription is confirmed with.
pub(crate) async fn pong(peer: &mut Peer, dialect: Dialect) {
    let key = if dialect == Dialect::Documented { "action" } else { "type" };
    assert_eq!(hear(peer).await[key], "ping");
    say(peer, json!({ "type": "pong", "timestamp": 1 })).await;
}

/// A subscription, and the server's end of its link.
pub(crate) async fn subscribed(
    server: &Server,
    config: FeedConfig,
    dialect: Dialect,
    topic: Topic,
) -> (Subscription, Peer, Value) {
    let client = FeedClient::new(config).unwrap();
    let serve = async {
        let (mut peer, asked) = welcome(server, dialect).await;
        pong(&mut peer, dialect).await;
        (peer, asked)
    };
    let (made, (peer, asked)) = must(async { tokio::join!(client.subscribe(topic, BOUND), serve) }).await;
    (made.unwrap(), peer, asked)
}

pub(crate) async fn refused(config: FeedConfig) -> SubscribeError {
    let client = FeedClient::new(config).unwrap();
    must(client.subscribe(Topic::chain("a"), BOUND)).await.unwrap_err()
}

pub(crate) async fn next(subscription: &mut Subscription) -> FeedItem {
    must(subscription.next()).await.unwrap()
}

pub(crate) fn block(dialect: Dialect, chain: &str, height: u64) -> Value {
    let kind = if dialect == Dialect::Documented { "new_block" } else { "block_added" };
    json!({ "type": kind, "chain_name": chain, "data": { "height": height } })
}

pub(crate) fn height(item: &FeedItem) -> u64 {
    match item {
        FeedItem::Block { data, .. } => value(data)["height"].as_u64().unwrap(),
        other => panic!("no block: {other:?}"),
    }
}

pub(crate) fn value(data: &Data) -> Value {
    data.parse().unwrap()
}
