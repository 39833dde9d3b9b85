//! The server, over a real socket, with a raw client: what subscribers are told.

#![cfg(feature = "server")]

mod support;

use futures_util::SinkExt;
use ham_feed::server::FeedServerConfig;
use ham_feed::{FeedClient, FeedConfig, FeedItem, Topic};
use serde_json::json;
use support::BOUND;
use support::raw::{connect, hear, ping, say, serve, subscribe};
use tokio_tungstenite_030::tungstenite::Message;

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
    // However slow the machine is, the one that does not read is not given up.
    let config = FeedServerConfig::default().with_queue(16.try_into().unwrap()).with_ping(BOUND, BOUND);
    let (server, address) = serve(config).await;
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

#[tokio::test]
async fn the_client_of_this_crate_follows_it() {
    let (server, address) = serve(FeedServerConfig::default().with_tokens(["t"]).with_chains(["a"])).await;
    let config = || {
        FeedConfig::new(format!("ws://{address}/ws").parse().unwrap())
            .with_endpoint(|endpoint| endpoint.with_token("t"))
    };
    let mut feed = FeedClient::new(config()).unwrap().subscribe(Topic::chain("a"), BOUND).await.unwrap();
    server.publish_block("a", &json!({ "height": 1 }));
    assert!(
        matches!(support::next(&mut feed).await, FeedItem::Block { data, .. } if support::value(&data)["height"] == 1)
    );
    feed.ping(BOUND).await.unwrap();
    let unknown = FeedClient::new(config()).unwrap().subscribe(Topic::chain("b"), BOUND).await.unwrap_err();
    assert!(unknown.to_string().contains("unknown chain: b"), "{unknown}");
    feed.unsubscribe(BOUND).await.unwrap();
}

#[tokio::test]
async fn what_waits_for_a_subscriber_is_bounded_in_bytes() {
    let config = FeedServerConfig::default().with_queue_bytes(1 << 20).with_ping(BOUND, BOUND);
    let (server, address) = serve(config).await;
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
