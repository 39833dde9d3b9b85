//! A subscription behind a fault proxy, and a thousand cuts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use ham_feed::{Dialect, FeedClient, FeedConfig, FeedItem, GapCause, Subscription, Topic};
use ham_session::{DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT, Delivery};
use ham_testkit::chaos::{Action, Boundary, Direction, Event, Fault, Proxy};
use ham_testkit::server::{Behaviour, Message, Server};
use ham_testkit::wait::pass;
use serde_json::{Value, json};
use support::{BOUND, config, height, must, next};

/// A server of the documented dialect that sends a block behind each subscription and answers pings.
async fn server() -> Server {
    Server::start([Behaviour::answer(|message| {
        let Message::Text(text) = message else { return None };
        let asked: Value = serde_json::from_str(&text).unwrap();
        let answer = match asked["action"].as_str() {
            Some("subscribe") => {
                json!({ "type": "new_block", "chain_name": asked["chain_name"], "data": { "height": 1 } })
            }
            Some("ping") => json!({ "type": "pong", "timestamp": 1 }),
            _ => return None,
        };
        Some(Message::Text(answer.to_string()))
    })])
    .await
    .unwrap()
}

fn at(proxy: &Proxy) -> FeedConfig {
    config(&format!("ws://{}/ws", proxy.address())).with_dialect(Dialect::Documented)
}

async fn subscribe(config: FeedConfig) -> Subscription {
    must(FeedClient::new(config).unwrap().subscribe(Topic::chain("a"), BOUND)).await.unwrap()
}

async fn expect_block(feed: &mut Subscription) {
    assert_eq!(height(&next(feed).await), 1);
}

async fn expect_gap(feed: &mut Subscription) {
    let item = next(feed).await;
    assert!(matches!(item, FeedItem::Gap { cause: GapCause::LinkLost(_), .. }), "{item:?}");
}

#[tokio::test]
async fn whatever_breaks_the_link_is_one_gap_and_then_it_goes_on() {
    for action in [
        Action::Cut,
        Action::Reset,
        Action::Garbage(Bytes::from_static(&[0x83, 0x01, 0x00])),
        Action::HalfOpen,
    ] {
        let server = server().await;
        // The third frame to the client answers the ping below.
        let is_half_open = matches!(action, Action::HalfOpen);
        let fault = Fault::on(0, Direction::ToClient, 2, Boundary::Before, action);
        let proxy = Proxy::start_with(server.address(), [fault]).await.unwrap();
        let mut feed = subscribe(at(&proxy)).await;
        expect_block(&mut feed).await;
        let mut events = proxy.events();
        let struck = async {
            events.wait_for(|event| matches!(event, Event::Faulted { .. })).await.unwrap();
            if is_half_open {
                // The keepalive's ping is sent, and then its pong is late.
                pass(DEFAULT_PING_INTERVAL).await;
                pass(DEFAULT_PING_TIMEOUT).await;
            }
        };
        // Dies with its link, or with the half-open link that the missing pong gives away.
        let (error, ()) = tokio::join!(feed.ping(BOUND * 2), struck);
        let error = error.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "{error}");
        expect_gap(&mut feed).await;
        expect_block(&mut feed).await;
        must(feed.ping(BOUND)).await.unwrap();
    }
}

#[tokio::test]
async fn a_subscription_survives_being_cut_while_it_is_made() {
    for boundary in [Boundary::Before, Boundary::Inside, Boundary::After] {
        let server = server().await;
        let fault = Fault::on(0, Direction::ToServer, 0, boundary, Action::Cut);
        let proxy = Proxy::start_with(server.address(), [fault]).await.unwrap();
        let mut feed = subscribe(at(&proxy)).await;
        // What came before the cut may have arrived.
        let mut item = next(&mut feed).await;
        if matches!(item, FeedItem::Block { .. }) {
            item = next(&mut feed).await;
        }
        assert!(matches!(item, FeedItem::Gap { cause: GapCause::LinkLost(_), .. }), "{item:?}");
        expect_block(&mut feed).await;
    }
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_link_and_not_the_subscription() {
    let server = support::driven().await;
    let mut config = config(&server.url());
    config.endpoint.session = config.endpoint.session.with_max_message_size(1000).with_max_frame_size(1000);
    let (mut feed, mut peer, _) =
        support::subscribed(&server, config, Dialect::HieraChain02, Topic::chain("a")).await;
    let large = json!({ "type": "block_added", "chain_name": "a", "data": "x".repeat(2000) });
    support::say(&mut peer, large).await;
    expect_gap(&mut feed).await;
    let (mut peer, _) = support::welcome(&server, Dialect::HieraChain02).await;
    support::say(&mut peer, support::block(Dialect::HieraChain02, "a", 1)).await;
    expect_block(&mut feed).await;
}

#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let first = server().await;
    let proxy = Proxy::start(first.address()).await.unwrap();
    let mut feed = subscribe(at(&proxy)).await;
    expect_block(&mut feed).await;
    first.stop().await;
    expect_gap(&mut feed).await;
    let second = server().await;
    proxy.set_upstream(second.address());
    expect_block(&mut feed).await;
}

const CYCLES: usize = 1000;

/// What 900 cycles may add: what the logs of server and proxy hold, and an allocator's slack.
const GROWTH: u64 = 16 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cuts_are_a_thousand_gaps_and_every_ping_has_its_outcome() {
    let server = server().await;
    let proxy = Proxy::start(server.address()).await.unwrap();
    let mut feed = subscribe(at(&proxy)).await;
    let (mut ponged, mut lost, mut after_warm_up) = (0, 0, 0);
    for cycle in 0..CYCLES {
        expect_block(&mut feed).await;
        let cut = async { proxy.cut_now() };
        let (pinged, ()) = must(async { tokio::join!(feed.ping(BOUND), cut) }).await;
        match pinged {
            Ok(_) => ponged += 1,
            Err(error) => {
                assert_ne!(error.delivery(), Delivery::Answered);
                lost += 1;
            }
        }
        expect_gap(&mut feed).await;
        if cycle == CYCLES / 10 {
            after_warm_up = resident();
        }
    }
    expect_block(&mut feed).await;
    println!("{CYCLES} cuts: {ponged} pings answered, {lost} lost");
    assert_eq!(ponged + lost, CYCLES);
    assert!(lost > 0, "no ping was under way at any cut");
    let grown = resident().saturating_sub(after_warm_up);
    println!("memory grew by {} KiB", grown >> 10);
    assert!(grown < GROWTH, "memory grew by {grown} bytes");
}

/// The memory of this process in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
