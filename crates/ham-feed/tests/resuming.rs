//! Ids, what is told again, and gaps: without a WebSocket, over a raw one, and by the client of this crate.

#![cfg(feature = "server")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::StreamExt;
use ham_feed::server::{FeedServer, FeedServerConfig, Goodbye, Guest, News, NewsKind, RefusedSubscription};
use ham_feed::{FeedClient, FeedItem, GapCause, Since, Topic};
use ham_testkit::chaos::Proxy;
use serde_json::{Value, json};
use support::raw::{connect, hear, ping, say, serve, status_of};
use support::{BOUND, config, height, must, next};
use tokio::net::TcpListener;
use tokio_tungstenite_030::tungstenite::Message;

fn hub(config: FeedServerConfig) -> FeedServer {
    FeedServer::new(config).unwrap()
}

fn anybody() -> Guest {
    Guest::new("anybody")
}

fn read(news: &News) -> Value {
    serde_json::from_str(news.text()).unwrap()
}

/// How many reconnects there are.
const CYCLES: u64 = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
async fn a_thousand_reconnects_lose_and_double_nothing() {
    let hub = hub(FeedServerConfig::default().with_history(usize::MAX, usize::MAX));
    let mut since = Since::After(hub.newest().to_string());
    let publisher = hub.clone();
    let published = CYCLES * 10;
    let publishing = tokio::spawn(async move {
        for n in 0..published {
            publisher.publish_event("a", &json!({ "event_type": "t", "n": n }));
            tokio::task::yield_now().await;
        }
    });
    let mut wanted = 0;
    for cycle in 0..CYCLES {
        let topics = [Topic::chain("a"), Topic::chain("a").with_event_type("t")];
        let mut subscription = hub.subscribe(anybody(), &topics, &since).unwrap();
        for _ in 0..cycle % 20 {
            let news = must(subscription.next()).await.unwrap();
            assert_eq!((news.kind(), &read(&news)["data"]["n"]), (NewsKind::Event, &json!(wanted)));
            since = Since::After(news.id().to_string());
            wanted += 1;
        }
    }
    publishing.await.unwrap();
    let mut subscription = hub.subscribe(anybody(), &[Topic::chain("a")], &since).unwrap();
    while wanted < published {
        assert_eq!(read(&must(subscription.next()).await.unwrap())["data"]["n"], wanted);
        wanted += 1;
    }
}

#[tokio::test]
async fn several_chains_are_told_again_in_the_order_of_their_ids() {
    let hub = hub(FeedServerConfig::default());
    let since = Since::After(hub.newest().to_string());
    for n in 0..6 {
        hub.publish_block(if n % 2 == 0 { "a" } else { "b" }, &json!({ "height": n }));
    }
    let topics = [Topic::chain("b"), Topic::chain("a")];
    let mut subscription = hub.subscribe(anybody(), &topics, &since).unwrap();
    for n in 0..6 {
        assert_eq!(read(&must(subscription.next()).await.unwrap())["data"]["height"], n);
    }
}

#[tokio::test]
async fn who_is_too_slow_finds_a_gap_from_whose_id_it_can_go_on() {
    let hub = hub(FeedServerConfig::default().with_queue(2.try_into().unwrap()));
    let mut slow = hub.subscribe(anybody(), &[Topic::chain("a")], &Since::Now).unwrap();
    for n in 0..5 {
        hub.publish_block("a", &json!({ "height": n }));
    }
    for n in 0..2 {
        assert_eq!(read(&must(slow.next()).await.unwrap())["data"]["height"], n);
    }
    let gap = must(slow.next()).await.unwrap();
    let told = read(&gap);
    assert_eq!(
        (&told["type"], &told["cause"], &told["missed"]),
        (&json!("gap"), &json!("lagged"), &json!(3))
    );
    assert!(told["since"].as_u64().unwrap() > 1_700_000_000, "{told}");
    assert_eq!(hub.missed(), 3);
    drop(slow);
    let since = Since::After(gap.id().to_string());
    let mut again = hub.subscribe(anybody(), &[Topic::chain("a")], &since).unwrap();
    for n in 2..5 {
        assert_eq!(read(&must(again.next()).await.unwrap())["data"]["height"], n);
    }
}

/// What is told again is bounded as the queue is.
#[tokio::test]
async fn what_is_told_again_is_bounded_in_bytes() {
    let hub = hub(FeedServerConfig::default().with_queue_bytes(10_000));
    let since = Since::After(hub.newest().to_string());
    for n in 0..20 {
        hub.publish_block("a", &json!({ "height": n, "body": "x".repeat(1000) }));
    }
    let mut subscription = hub.subscribe(anybody(), &[Topic::chain("a")], &since).unwrap();
    assert_eq!(read(&must(subscription.next()).await.unwrap())["cause"], "history_lost");
    let first = read(&must(subscription.next()).await.unwrap())["data"]["height"].as_u64().unwrap();
    assert!((10..15).contains(&first), "{first}");
}

#[tokio::test]
async fn access_that_is_taken_back_ends_what_it_gave() {
    let of_token = |request: &axum::http::request::Parts| match request.uri.query() {
        Some("token=a") => Ok(Guest::new("a").with_chains(|name| name == "of_a")),
        Some("token=b") => Ok(Guest::new("b")),
        _ => Err(StatusCode::FORBIDDEN),
    };
    let (server, address) = serve(
        FeedServerConfig::default().with_admission(of_token).with_max_connections_each(2.try_into().unwrap()),
    )
    .await;
    assert_eq!(status_of(connect(address, "?token=c").await), 403);
    let mut one = connect(address, "?token=a").await.unwrap();
    say(&mut one, json!({ "action": "subscribe", "chain_name": "of_b" })).await;
    assert_eq!(hear(&mut one).await["message"], "unknown chain: of_b");
    let mut other = connect(address, "?token=b").await.unwrap();
    let guest = || Guest::new("a");
    let mut program = server.subscribe(guest(), &[Topic::chain("of_a")], &Since::Now).unwrap();
    let third = server.subscribe(guest(), &[Topic::chain("of_a")], &Since::Now);
    assert_eq!(third.unwrap_err(), RefusedSubscription::NoPlace);
    assert_eq!(server.close_where(|identity| identity == "a", Goodbye::Revoked), 2);
    assert_eq!(must(program.ended()).await, Goodbye::Revoked);
    assert!(must(program.next()).await.is_none());
    let Some(Ok(Message::Close(Some(frame)))) = must(one.next()).await else { panic!("a close frame") };
    assert_eq!(u16::from(frame.code), 1008);
    ping(&mut other).await;
    drop(program);
    let ended = async {
        let Some(Ok(Message::Close(Some(frame)))) = must(other.next()).await else { panic!("a close frame") };
        assert_eq!(u16::from(frame.code), 1012);
        while must(other.next()).await.is_some_and(|message| message.is_ok()) {}
        while must(one.next()).await.is_some_and(|message| message.is_ok()) {}
    };
    must(async { tokio::join!(server.shutdown_saying(Goodbye::Restarts), ended) }).await;
    let late = server.subscribe(guest(), &[], &Since::Now);
    assert_eq!(late.unwrap_err(), RefusedSubscription::Closing);
}

#[tokio::test]
async fn a_raw_client_that_asks_is_told_where_it_begins() {
    let (server, address) = serve(FeedServerConfig::default()).await;
    server.publish_block("a", &json!({ "height": 1 }));
    let start = server.newest().to_string();
    server.publish_block("a", &json!({ "height": 2 }));
    let newest = server.newest().to_string();
    let mut client = connect(address, "").await.unwrap();
    say(&mut client, json!({ "action": "subscribe", "chain_name": "a", "since": start })).await;
    assert_eq!(hear(&mut client).await, json!({ "type": "subscribed", "chain_name": "a", "id": start }));
    let block = json!({ "type": "new_block", "chain_name": "a", "id": newest, "data": { "height": 2 } });
    assert_eq!(hear(&mut client).await, block);
    server.publish_gap("a", "link_lost", None, Duration::ZERO);
    assert_eq!(hear(&mut client).await["cause"], "link_lost");
    for (since, told) in
        [(json!(7), "since is the id of a message"), (json!({}), "since is the id of a message")]
    {
        say(&mut client, json!({ "action": "subscribe", "chain_name": "a", "since": since })).await;
        assert!(hear(&mut client).await["message"].as_str().unwrap().contains(told));
    }
    // Taken back, what waits to be told again is not told.
    say(&mut client, json!({ "action": "subscribe", "chain_name": "b", "since": "x" })).await;
    say(&mut client, json!({ "action": "unsubscribe", "chain_name": "a" })).await;
    assert_eq!(hear(&mut client).await["type"], "subscribed");
    assert_eq!(hear(&mut client).await["cause"], "restart");
    ping(&mut client).await;
}

/// The server of this crate, on an address of the caller's.
#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
async fn serve_behind(proxy: &Proxy, config: FeedServerConfig) -> FeedServer {
    let server = FeedServer::new(config).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    proxy.set_upstream(listener.local_addr().unwrap());
    let router = server.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    server
}

async fn proxy() -> Proxy {
    Proxy::start(SocketAddr::from(([127, 0, 0, 1], 9))).await.unwrap()
}

/// Each cut was a gap, and what came while the link was down was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
async fn the_client_goes_on_where_it_stopped() {
    let proxy = Arc::new(proxy().await);
    let server = serve_behind(&proxy, FeedServerConfig::default()).await;
    let client = FeedClient::new(config(&format!("ws://{}/ws", proxy.address()))).unwrap();
    let mut feed = must(client.subscribe(Topic::chain("a"), BOUND)).await.unwrap();
    let publisher = server.clone();
    let (asked, mut asking) = tokio::sync::mpsc::channel::<u64>(1);
    let publishing = tokio::spawn(async move {
        let mut n = 0;
        while let Some(count) = asking.recv().await {
            for _ in 0..count {
                publisher.publish_block("a", &json!({ "height": n }));
                n += 1;
            }
        }
    });
    let mut wanted = 0;
    for cycle in 0..CYCLES {
        asked.send(cycle % 4 + 1).await.unwrap();
        proxy.cut_now();
        for _ in 0..=cycle % 4 {
            assert_eq!(height(&next(&mut feed).await), wanted);
            wanted += 1;
        }
    }
    drop(asked);
    publishing.await.unwrap();
}

#[tokio::test]
async fn the_client_is_told_what_a_server_keeps_no_more_and_that_it_was_started_anew() {
    let proxy = proxy().await;
    let server = serve_behind(&proxy, FeedServerConfig::default().with_history(1, usize::MAX)).await;
    let client = FeedClient::new(config(&format!("ws://{}/ws", proxy.address()))).unwrap();
    let mut feed = must(client.subscribe(Topic::chain("a"), BOUND)).await.unwrap();
    server.publish_block("a", &json!({ "height": 0 }));
    assert_eq!(height(&next(&mut feed).await), 0);
    proxy.set_refusing(true);
    proxy.cut_now();
    for n in 1..4 {
        server.publish_block("a", &json!({ "height": n }));
    }
    proxy.set_refusing(false);
    let because = |item: FeedItem, words: &str| match item {
        FeedItem::Gap { cause: GapCause::LinkLost(ended), .. } => {
            assert!(ended.reason.contains(words), "{ended}");
        }
        other => panic!("{other:?}"),
    };
    because(next(&mut feed).await, "keep");
    assert_eq!(height(&next(&mut feed).await), 3);
    server.shutdown().await;
    let server = serve_behind(&proxy, FeedServerConfig::default()).await;
    because(next(&mut feed).await, "was restarted");
    server.publish_block("a", &json!({ "height": 9 }));
    assert_eq!(height(&next(&mut feed).await), 9);
    server.publish_gap("a", "lagged", Some(4), Duration::ZERO);
    assert!(matches!(next(&mut feed).await, FeedItem::Gap { cause: GapCause::Lagged(4), .. }));
}

/// Types are subscriptions of their own, on one connection.
#[tokio::test]
async fn several_types_go_on_each_where_it_stopped() {
    let proxy = proxy().await;
    let server = serve_behind(&proxy, FeedServerConfig::default()).await;
    let client = FeedClient::new(config(&format!("ws://{}/ws", proxy.address()))).unwrap();
    let topic = Topic::chain("a").with_event_type("t").with_event_type("u");
    let mut feed = must(client.subscribe(topic, BOUND)).await.unwrap();
    let publish = |of: &str, n: u64| server.publish_event("a", &json!({ "event_type": of, "n": n }));
    publish("t", 0);
    let of = |item: FeedItem| match item {
        FeedItem::Event { data, .. } => support::value(&data)["n"].as_u64().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(next(&mut feed).await), 0);
    for cycle in 0..20 {
        proxy.set_refusing(true);
        proxy.cut_now();
        let first = 1 + cycle * 5;
        for (n, of) in (first..).zip(["t", "u", "v", "t", "u"]) {
            publish(of, n);
        }
        proxy.set_refusing(false);
        let mut told = Vec::new();
        for _ in 0..4 {
            told.push(of(next(&mut feed).await));
        }
        assert_eq!(told, [first, first + 3, first + 1, first + 4]);
    }
}
