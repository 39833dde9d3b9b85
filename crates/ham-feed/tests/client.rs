//! How subscriptions are made, asked and left, in both dialects, against servers that the test drives.

mod support;

use std::time::Duration;

use ham_feed::{Dialect, FeedClient, FeedItem, GapCause, RequestError, SubscribeError, Topic};
use ham_session::{DialError, FirstDial, Recovery};
use ham_testkit::server::{Behaviour, Server};
use serde_json::json;
use support::{
    BOUND, block, config, driven, hear, height, must, next, pong, refused, say, subscribed, value, welcome,
};

const DIALECTS: [Dialect; 2] = [Dialect::Documented, Dialect::HieraChain02];

#[tokio::test]
async fn each_dialect_is_found_out_and_spoken() {
    for dialect in DIALECTS {
        let server = driven().await;
        let (mut feed, mut peer, asked) =
            subscribed(&server, config(&server.url()), dialect, Topic::chain("a")).await;
        let subscribe = match dialect {
            Dialect::Documented => json!({ "action": "subscribe", "chain_name": "a", "since": null }),
            Dialect::HieraChain02 => json!({ "type": "subscribe", "chain_name": "a", "event_types": [] }),
        };
        assert_eq!((asked, feed.dialect()), (subscribe, Some(dialect)));
        say(&mut peer, block(dialect, "a", 1)).await;
        assert_eq!(height(&next(&mut feed).await), 1);
    }
}

#[tokio::test]
async fn a_client_that_is_not_to_resume_asks_in_the_documents_words() {
    let server = driven().await;
    let config = config(&server.url()).with_resume(false);
    let (_feed, _peer, asked) = subscribed(&server, config, Dialect::Documented, Topic::chain("a")).await;
    assert_eq!(asked, json!({ "action": "subscribe", "chain_name": "a" }));
}

#[tokio::test]
async fn a_greeting_that_comes_late_is_understood() {
    let server = driven().await;
    let client = FeedClient::new(config(&server.url())).unwrap();
    let serve = async {
        let mut peer = server.next_peer().await.unwrap();
        // The client took it for the documented dialect, and says so.
        assert_eq!(hear(&mut peer).await["action"], "subscribe");
        say(&mut peer, json!({ "type": "connected" })).await;
        let (mut peer, asked) = welcome(&server, Dialect::HieraChain02).await;
        assert_eq!(asked["type"], "subscribe");
        pong(&mut peer, Dialect::HieraChain02).await;
        peer
    };
    let (feed, _peer) = must(async { tokio::join!(client.subscribe(Topic::chain("a"), BOUND), serve) }).await;
    assert_eq!(feed.unwrap().dialect(), Some(Dialect::HieraChain02));
}

#[tokio::test]
async fn a_lost_link_is_a_gap_and_is_subscribed_again() {
    for dialect in DIALECTS {
        let server = driven().await;
        let topic = Topic::chain("a").with_event_type("t");
        let (mut feed, peer, first) = subscribed(&server, config(&server.url()), dialect, topic).await;
        peer.close(1001).await.unwrap();
        let (mut peer, again) = welcome(&server, dialect).await;
        assert_eq!(first, again);
        say(&mut peer, json!({ "type": "event", "chain_name": "a", "data": { "event_type": "t", "n": 7 } }))
            .await;
        assert!(matches!(next(&mut feed).await, FeedItem::Gap { cause: GapCause::LinkLost(_), .. }));
        let FeedItem::Event { event_type, data, .. } = next(&mut feed).await else { panic!("the event") };
        assert_eq!((event_type.as_deref(), &value(&data)["n"]), (Some("t"), &json!(7)));
    }
}

#[tokio::test]
async fn refused_tokens_unreachable_servers_and_refused_chains_are_told_apart() {
    let server = Server::start([Behaviour::RefuseUpgrade { status: 401 }]).await.unwrap();
    let error = refused(config(&server.url()).with_endpoint(|endpoint| endpoint.with_token("s3cret"))).await;
    assert!(matches!(error, SubscribeError::Unauthorized(_)), "{error}");
    assert_eq!(error.recovery(), Recovery::GiveUp);
    let source = std::error::Error::source(&error).unwrap();
    assert!(!format!("{error:?} {error} {source}").contains("s3cret"));
    let server = Server::start([Behaviour::RefuseUpgrade { status: 404 }]).await.unwrap();
    assert!(matches!(refused(config(&server.url())).await, SubscribeError::NotConnected(_)));
    let address = server.address();
    server.stop().await;
    let SubscribeError::NotConnected(cause) = refused(config(&format!("ws://{address}/ws"))).await else {
        panic!()
    };
    assert!(matches!(&*cause, DialError::Connect { .. }), "{cause}");
    for dialect in DIALECTS {
        let server = driven().await;
        let client = FeedClient::new(config(&server.url())).unwrap();
        let serve = async {
            let mut peer = server.next_peer().await.unwrap();
            if dialect == Dialect::HieraChain02 {
                say(&mut peer, json!({ "type": "connected" })).await;
            }
            hear(&mut peer).await;
            say(&mut peer, json!({ "type": "error", "message": "unknown chain: a" })).await;
            pong(&mut peer, dialect).await;
        };
        let (made, ()) =
            must(async { tokio::join!(client.subscribe(Topic::chain("a"), BOUND), serve) }).await;
        let error = made.unwrap_err();
        assert!(
            matches!(&error, SubscribeError::Rejected { message, .. } if message == "unknown chain: a"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_subscription_can_wait_for_its_server_and_waiting_ends() {
    let server = Server::start([Behaviour::RefuseUpgrade { status: 503 }, Behaviour::Driven]).await.unwrap();
    let waiting =
        config(&server.url()).with_endpoint(|endpoint| endpoint.with_first_dial(FirstDial::Retried));
    let (_feed, _peer, _) = subscribed(&server, waiting, Dialect::Documented, Topic::chain("a")).await;
    let silent = driven().await;
    let refusing = Server::start([Behaviour::RefuseUpgrade { status: 503 }]).await.unwrap();
    let retried =
        config(&refusing.url()).with_endpoint(|endpoint| endpoint.with_first_dial(FirstDial::Retried));
    for config in [config(&silent.url()), retried] {
        let client = FeedClient::new(config).unwrap();
        let error = client.subscribe(Topic::chain("a"), Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, SubscribeError::TimedOut { .. }), "{error}");
    }
}

#[tokio::test]
async fn questions_are_answered_where_the_dialect_has_them() {
    let server = driven().await;
    let (feed, mut peer, _) =
        subscribed(&server, config(&server.url()), Dialect::HieraChain02, Topic::chain("a")).await;
    let serve = async {
        assert_eq!(hear(&mut peer).await["type"], "get_stats");
        say(&mut peer, json!({ "type": "stats", "data": { "total_connections": 1 } })).await;
        assert_eq!(hear(&mut peer).await["type"], "get_connection_info");
        say(&mut peer, json!({ "type": "connection_info", "data": { "chain_name": "a" } })).await;
        assert_eq!(hear(&mut peer).await["type"], "unsubscribe");
        say(&mut peer, json!({ "type": "unsubscribed", "message": "" })).await;
        // It closes the connection then.
        assert!(peer.receive().await.is_err());
    };
    let ask = async {
        assert_eq!(value(&feed.stats(BOUND).await.unwrap())["total_connections"], 1);
        assert_eq!(value(&feed.connection_info(BOUND).await.unwrap())["chain_name"], "a");
        feed.unsubscribe(BOUND).await.unwrap();
    };
    must(async { tokio::join!(ask, serve) }).await;

    let documented = config(&server.url()).with_dialect(Dialect::Documented);
    let (feed, mut peer, _) = subscribed(&server, documented, Dialect::Documented, Topic::chain("a")).await;
    assert!(matches!(
        feed.stats(BOUND).await,
        Err(RequestError::Unsupported { dialect: Dialect::Documented })
    ));
    let (done, said) = must(async { tokio::join!(feed.unsubscribe(BOUND), hear(&mut peer)) }).await;
    done.unwrap();
    assert_eq!(said, json!({ "action": "unsubscribe", "chain_name": "a" }));
}

#[tokio::test]
async fn a_dropped_subscription_closes_its_connection() {
    let server = driven().await;
    let (feed, mut peer, _) =
        subscribed(&server, config(&server.url()), Dialect::HieraChain02, Topic::chain("a")).await;
    drop(feed);
    assert!(peer.receive().await.is_err());
}

#[tokio::test]
async fn the_token_goes_out_in_the_query() {
    let server = driven().await;
    let config = config(&server.url())
        .with_dialect(Dialect::Documented)
        .with_endpoint(|endpoint| endpoint.with_token("a&b"));
    let (_feed, peer, _) = subscribed(&server, config, Dialect::Documented, Topic::chain("a")).await;
    assert!(peer.upgrade().target.ends_with("?token=a%26b"), "{}", peer.upgrade().target);
}

/// A server that closes at the first subscribe was dialled 113 times in 12 s, and why was told nowhere.
#[tokio::test]
async fn a_server_that_closes_at_the_first_subscribe_is_dialled_with_pauses_and_its_reason_told() {
    let server = driven().await;
    let config = config(&server.url()).with_dialect(Dialect::Documented).with_endpoint(|endpoint| {
        endpoint.with_retry(ham_persistent::Exponential::new(
            Duration::from_secs(3600),
            Duration::from_secs(3600),
        ))
    });
    let client = FeedClient::new(config).unwrap();
    let serving = async {
        let mut peer = server.next_peer().await.unwrap();
        hear(&mut peer).await;
        peer.close_saying(1008, "no").await.unwrap();
    };
    let subscribing = client.subscribe(Topic::chain("a"), Duration::from_secs(3));
    let (made, ()) = must(async { tokio::join!(subscribing, serving) }).await;
    let error = made.unwrap_err();
    let SubscribeError::TimedOut { last: Some(last), .. } = &error else { panic!("{error:?}") };
    assert_eq!(last.to_string(), "closed by the peer: code 1008, reason \"no\"");
    // The second dial is an hour away.
    assert!(tokio::time::timeout(Duration::ZERO, server.next_peer()).await.is_err());
}

/// Public times that overflowed an instant.
#[tokio::test]
async fn a_time_without_end_is_one() {
    let server = driven().await;
    let config = config(&server.url())
        .with_dialect(Dialect::Documented)
        .with_endpoint(|endpoint| endpoint.with_min_pause(Duration::MAX));
    let client = FeedClient::new(config).unwrap();
    let serve = async {
        let (mut peer, _) = welcome(&server, Dialect::Documented).await;
        pong(&mut peer, Dialect::Documented).await;
        peer
    };
    let (made, mut peer) =
        must(async { tokio::join!(client.subscribe(Topic::chain("a"), Duration::MAX), serve) }).await;
    let feed = made.unwrap();
    let (pinged, ()) = tokio::join!(feed.ping(Duration::MAX), pong(&mut peer, Dialect::Documented));
    pinged.unwrap();
    must(feed.unsubscribe(Duration::from_secs(u64::MAX))).await.unwrap();
}
