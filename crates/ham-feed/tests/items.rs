//! What a subscription yields, in both dialects, from servers that the test drives.

mod support;

use ham_feed::{Dialect, FeedClient, FeedItem, GapCause, Topic};
use ham_session::Ended;
use ham_testkit::server::Message;
use serde_json::json;
use support::{
    BOUND, block, config, driven, hear, height, must, next, pong, say, subscribed, value, welcome,
};

const DIALECTS: [Dialect; 2] = [Dialect::Documented, Dialect::HieraChain02];

#[tokio::test]
async fn a_topic_yields_what_it_names_and_nothing_else() {
    for dialect in DIALECTS {
        let server = driven().await;
        let topic = Topic::chain("a").with_event_type("t").with_event_type("u");
        let client = FeedClient::new(config(&server.url()).with_dialect(dialect)).unwrap();
        let serve = async {
            let (mut peer, asked) = welcome(&server, dialect).await;
            match dialect {
                Dialect::Documented => {
                    assert_eq!(
                        (&asked["event_type"], hear(&mut peer).await["event_type"].as_str()),
                        (&json!("t"), Some("u"))
                    );
                }
                Dialect::HieraChain02 => assert_eq!(asked["event_types"], json!(["t", "u"])),
            }
            pong(&mut peer, dialect).await;
            peer
        };
        let (feed, mut peer) = must(async { tokio::join!(client.subscribe(topic, BOUND), serve) }).await;
        let mut feed = feed.unwrap();
        let event = |chain: &str, of: &str| json!({ "type": "event", "chain_name": chain, "data": { "event_type": of } });
        for message in [block(dialect, "a", 1), event("a", "other"), event("b", "t"), event("a", "u")] {
            say(&mut peer, message).await;
        }
        let FeedItem::Event { event_type, .. } = next(&mut feed).await else { panic!("the event") };
        assert_eq!(event_type.as_deref(), Some("u"));
    }
}

#[tokio::test]
async fn two_overlapping_subscriptions_each_see_an_event_once() {
    let server = driven().await;
    let at = || config(&server.url()).with_dialect(Dialect::Documented);
    let (mut all, mut one, _) = subscribed(&server, at(), Dialect::Documented, Topic::chain("a")).await;
    let topic = Topic::chain("a").with_event_type("t");
    let (mut some, mut other, _) = subscribed(&server, at(), Dialect::Documented, topic).await;
    for peer in [&mut one, &mut other] {
        for n in [1, 2] {
            say(
                peer,
                json!({ "type": "new_event", "chain_name": "a", "data": { "event_type": "t", "n": n } }),
            )
            .await;
        }
    }
    for feed in [&mut all, &mut some] {
        for n in [1, 2] {
            let FeedItem::Event { data, .. } = next(feed).await else { panic!("the event") };
            assert_eq!(value(&data)["n"], n);
        }
    }
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed() {
    let server = driven().await;
    let config = config(&server.url()).with_dialect(Dialect::Documented).with_queue(2.try_into().unwrap());
    let (mut feed, mut peer, _) = subscribed(&server, config, Dialect::Documented, Topic::chain("a")).await;
    for n in 0..5 {
        say(&mut peer, block(Dialect::Documented, "a", n)).await;
    }
    // The pong stands behind the blocks: all of them have been read.
    let ponged = pong(&mut peer, Dialect::Documented);
    let (pinged, ()) = tokio::join!(feed.ping(BOUND), ponged);
    pinged.unwrap();
    assert_eq!((height(&next(&mut feed).await), height(&next(&mut feed).await)), (0, 1));
    assert!(matches!(next(&mut feed).await, FeedItem::Gap { cause: GapCause::Lagged(3), .. }));
}

/// The queue counted items and not their size: 1,024 of 16 MiB each waited.
#[tokio::test]
async fn what_waits_for_a_reader_is_bounded_in_bytes() {
    let server = driven().await;
    let config = config(&server.url()).with_dialect(Dialect::Documented).with_queue_bytes(100_000);
    let (mut feed, mut peer, _) = subscribed(&server, config, Dialect::Documented, Topic::chain("a")).await;
    for n in 0..5 {
        let data = json!({ "height": n, "body": "x".repeat(40_000) });
        say(&mut peer, json!({ "type": "new_block", "chain_name": "a", "data": data })).await;
    }
    say(&mut peer, block(Dialect::Documented, "a", 5)).await;
    // The pong stands behind the blocks: all of them have been read.
    let (pinged, ()) = tokio::join!(feed.ping(BOUND), pong(&mut peer, Dialect::Documented));
    pinged.unwrap();
    assert_eq!((height(&next(&mut feed).await), height(&next(&mut feed).await)), (0, 1));
    assert!(matches!(next(&mut feed).await, FeedItem::Gap { cause: GapCause::Lagged(3), .. }));
    assert_eq!(height(&next(&mut feed).await), 5);
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_gap_and_what_is_unknown_is_handed_on() {
    let server = driven().await;
    let (mut feed, mut peer, _) =
        subscribed(&server, config(&server.url()), Dialect::HieraChain02, Topic::chain("a")).await;
    peer.send(Message::Text("nonsense".into())).await.unwrap();
    peer.send(Message::Binary(vec![1].into())).await.unwrap();
    say(&mut peer, json!({ "type": "ping", "timestamp": "now" })).await;
    say(&mut peer, json!({ "type": "later", "x": 1 })).await;
    say(&mut peer, json!({ "type": "chain_status", "chain_name": "a" })).await;
    say(&mut peer, json!({ "type": "error", "message": "An internal error occurred" })).await;
    for _ in 0..2 {
        assert!(matches!(next(&mut feed).await, FeedItem::Gap { cause: GapCause::BadFrame(_), .. }));
    }
    assert!(matches!(next(&mut feed).await, FeedItem::Unknown(message) if value(&message)["x"] == 1));
    assert!(matches!(next(&mut feed).await, FeedItem::Status(_)));
    assert!(matches!(next(&mut feed).await, FeedItem::Error { message } if message.contains("internal")));
}

#[tokio::test]
async fn a_subscription_is_a_stream() {
    use futures_util::StreamExt as _;
    let server = driven().await;
    let (feed, mut peer, _) =
        subscribed(&server, config(&server.url()), Dialect::Documented, Topic::chain("a")).await;
    for n in 0..3 {
        say(&mut peer, block(Dialect::Documented, "a", n)).await;
    }
    let heights: Vec<u64> = must(feed.take(3).map(|item| height(&item)).collect()).await;
    assert_eq!(heights, [0, 1, 2]);
}

#[tokio::test]
async fn a_gap_tells_how_the_link_ended() {
    let server = driven().await;
    let (mut feed, peer, _) =
        subscribed(&server, config(&server.url()), Dialect::Documented, Topic::chain("a")).await;
    peer.close_saying(1013, "busy").await.unwrap();
    let FeedItem::Gap { cause, .. } = next(&mut feed).await else { panic!("a gap") };
    assert_eq!(cause, GapCause::LinkLost(Ended { code: Some(1013), reason: "busy".into() }));
}

/// Nothing was said of blocks that were missing, came twice or took the chain back.
#[tokio::test]
async fn a_height_that_jumps_repeats_or_goes_back_is_told() {
    for dialect in [Dialect::Documented, Dialect::HieraChain02] {
        let server = driven().await;
        let (mut feed, mut peer, _) =
            subscribed(&server, config(&server.url()), dialect, Topic::chain("a")).await;
        for n in [1, 2, 5, 5, 4] {
            say(&mut peer, block(dialect, "a", n)).await;
        }
        let mut told = Vec::new();
        for _ in 0..8 {
            told.push(match next(&mut feed).await {
                FeedItem::OutOfStep { after, height, .. } => format!("{after} to {height}"),
                item => height(&item).to_string(),
            });
        }
        assert_eq!(told, ["1", "2", "2 to 5", "5", "5 to 5", "5", "5 to 4", "4"]);
        // A gap has said it already.
        peer.close(1001).await.unwrap();
        let (mut peer, _) = welcome(&server, dialect).await;
        say(&mut peer, block(dialect, "a", 9)).await;
        assert!(matches!(next(&mut feed).await, FeedItem::Gap { .. }));
        assert_eq!(height(&next(&mut feed).await), 9);
    }
}

/// The blocks of `hierachain` call their height an index.
#[tokio::test]
async fn heights_are_known_by_either_name_and_not_needed() {
    let server = driven().await;
    let (mut feed, mut peer, _) =
        subscribed(&server, config(&server.url()), Dialect::HieraChain02, Topic::chain("a")).await;
    for data in [json!({ "index": 1 }), json!({ "hash": "ab" }), json!("opaque"), json!({ "index": 3 })] {
        say(&mut peer, json!({ "type": "block_added", "chain_name": "a", "data": data })).await;
    }
    for _ in 0..3 {
        assert!(matches!(next(&mut feed).await, FeedItem::Block { .. }));
    }
    assert!(matches!(next(&mut feed).await, FeedItem::OutOfStep { after: 1, height: 3, .. }));
}
