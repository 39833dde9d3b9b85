//! More than a handler, a router or a link can take at once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use ham_envelope::{Envelope, HandlerQueue, Incoming, OVERLOADED, Router, ServerConfig, WhenFull};
use support::serving::{Serving, asked};
use support::{BOUND, Running, answering, config, deaf, driven, envelope, must, say};
use tokio::sync::{Semaphore, mpsc};

const MANY: usize = 5000;

fn why(answer: &Envelope) -> String {
    answer.payload_as::<serde_json::Value>().unwrap()["message"].as_str().unwrap().to_owned()
}

fn small() -> HandlerQueue {
    HandlerQueue::default().with_items(2.try_into().unwrap())
}

/// 1,076 of 10,000 were handled, the rest told as missed.
#[tokio::test]
async fn a_handler_slower_than_its_peer_loses_nothing() {
    let server = driven().await;
    let (sender, mut handed) = mpsc::channel(1);
    let handler = move |incoming| {
        let sender = sender.clone();
        async move { sender.send(incoming).await.unwrap() }
    };
    let running = Running::start(config(&server.url()).with_queue(small()), handler);
    let mut peer = server.next_peer().await.unwrap();
    let sending = async {
        for n in 0..10_000 {
            say(&mut peer, &Envelope::new("push").with_payload(n).unwrap()).await;
        }
    };
    let receiving = async {
        for n in 0..10_000 {
            let Some(Incoming::Envelope { envelope, .. }) = handed.recv().await else { panic!("the {n}th") };
            assert_eq!(envelope.payload_as::<u32>().unwrap(), n);
        }
    };
    must(async { tokio::join!(sending, receiving) }).await;
    running.stop().await;
}

/// What stands before the answer is taken in.
#[tokio::test]
async fn a_handler_that_is_full_can_ask_on_its_own_link() {
    const PUSHES: usize = 100;
    let server = driven().await;
    let (sender, mut told) = mpsc::channel(PUSHES);
    let handler = move |incoming| {
        let sender = sender.clone();
        async move {
            let Incoming::Envelope { replier, .. } = incoming else { panic!("{incoming:?}") };
            sender.send(replier.request(Envelope::request("ask"), BOUND).await.unwrap()).await.unwrap();
        }
    };
    let running = Running::start(config(&server.url()).with_queue(small()), handler);
    let mut peer = server.next_peer().await.unwrap();
    for n in 0..PUSHES {
        say(&mut peer, &Envelope::new(format!("push {n}"))).await;
    }
    for _ in 0..PUSHES {
        let question = envelope(&mut peer).await;
        say(&mut peer, &question.reply("told")).await;
        assert_eq!(must(told.recv()).await.unwrap().kind, "told");
    }
    running.stop().await;
}

/// 1,253 were answered, 3,747 timed out without a word. And of the client 2,216 refused at once: waiting for a place is a part
/// of the time-out.
#[tokio::test]
async fn five_thousand_requests_at_once_are_all_answered() {
    for ours in [true, false] {
        let serving = Serving::start(ServerConfig::default(), asked()).await;
        let raw = answering().await;
        let url = if ours { serving.url() } else { raw.url() };
        let running = Running::start(config(&url), deaf());
        let asking = (0..MANY).map(|n| {
            let request = Envelope::request("ask").with_payload(n).unwrap();
            running.client.request(request, BOUND)
        });
        for (n, answer) in must(join_all(asking)).await.into_iter().enumerate() {
            assert_eq!(answer.unwrap().payload_as::<usize>().unwrap(), n);
        }
        running.stop().await;
        serving.stop().await;
    }
}

/// Each has to read while it cannot write, or both stand still.
#[tokio::test]
async fn two_that_flood_each_other_are_both_answered() {
    const EACH: usize = 1000;
    let large = "x".repeat(16_000);
    let flood = async |ask: &dyn Fn(Envelope) -> BoxFuture<'static, Envelope>| {
        let asked = (0..EACH).map(|_| ask(Envelope::request("ask").with_payload(&large).unwrap()));
        for answer in join_all(asked).await {
            assert_eq!(answer.payload_as::<String>().unwrap().len(), 16_000);
        }
    };
    let (sender, mut handed) = mpsc::channel(1);
    let peer = asked().fallback(move |incoming| {
        let sender = sender.clone();
        async move { sender.send(incoming).await.unwrap() }
    });
    let serving = Serving::start(ServerConfig::default().with_queue(small()), peer).await;
    let running = Running::start(config(&serving.url()).with_queue(small()), asked());
    running.client.send(Envelope::new("here is my link"), BOUND).await.unwrap();
    let Some(Incoming::Envelope { replier, .. }) = must(handed.recv()).await else { panic!("a link") };
    let theirs = move |request: Envelope| -> BoxFuture<'static, Envelope> {
        let replier = replier.clone();
        Box::pin(async move { replier.request(request, BOUND).await.unwrap() })
    };
    let client = running.client.clone();
    let ours = move |request: Envelope| -> BoxFuture<'static, Envelope> {
        let client = client.clone();
        Box::pin(async move { client.request(request, BOUND).await.unwrap() })
    };
    must(async { tokio::join!(flood(&ours), flood(&theirs)) }).await;
    running.stop().await;
    serving.stop().await;
}

#[tokio::test]
async fn requests_that_a_router_does_not_get_to_in_time_are_told_so() {
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let router =
        Router::new().with_patience(Duration::from_millis(100)).on("slow", move |request: Envelope| {
            let opened = opened.clone();
            async move {
                opened.acquire().await.map_err(|error| error.to_string())?.forget();
                Ok::<_, String>(request.reply("done"))
            }
        });
    let serving = Serving::start(ServerConfig::default(), router).await;
    // All of them are with the server at once.
    let mut config = config(&serving.url());
    config.endpoint.session = config.endpoint.session.with_max_in_flight(MANY.try_into().unwrap());
    let running = Running::start(config, deaf());
    let (count, mut counted) = mpsc::channel(MANY);
    let asking = (0..MANY).map(|_| {
        let count = count.clone();
        let asked = running.client.request(Envelope::request("slow"), BOUND);
        async move {
            let answer = asked.await.unwrap();
            let done = answer.kind == "done";
            if !done {
                assert_eq!(why(&answer), OVERLOADED);
            }
            count.send(done).await.unwrap();
        }
    });
    let refused = async {
        for _ in 0..MANY - 16 {
            assert!(!counted.recv().await.unwrap(), "a route ended, and none can");
        }
        gate.add_permits(16);
        for _ in 0..16 {
            assert!(counted.recv().await.unwrap());
        }
    };
    must(async { tokio::join!(join_all(asking), refused) }).await;
    running.stop().await;
    serving.stop().await;
}

#[tokio::test]
async fn a_router_that_may_lose_refuses_what_does_not_fit_at_once() {
    let server = driven().await;
    let router = Router::new()
        .with_concurrency(1.try_into().unwrap())
        .on("never", |_: Envelope| std::future::pending::<Result<Envelope, String>>());
    let losing = small().with_when_full(WhenFull::Lose);
    let running = Running::start(config(&server.url()).with_queue(losing), router);
    let mut peer = server.next_peer().await.unwrap();
    let asked: Vec<_> = (0..10).map(|_| Envelope::request("never")).collect();
    for request in &asked {
        say(&mut peer, request).await;
    }
    // One is handled, or waits as the two behind it do.
    let refused = envelope(&mut peer).await;
    assert_eq!(why(&refused), OVERLOADED);
    assert!(asked[2..].iter().any(|request| request.id == refused.in_reply_to));
    running.stop().await;
}
