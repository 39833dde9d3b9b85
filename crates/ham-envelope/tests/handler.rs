//! What comes without being asked for, and the responder's side.

mod support;

use std::sync::Arc;

use ham_envelope::{ERROR_KIND, Envelope, Handler, HandlerQueue, Incoming, Router, WhenFull};
use ham_testkit::server::Message;
use support::{BOUND, Running, config, driven, envelope, must, recorder, say};
use tokio::sync::Notify;

#[tokio::test]
async fn what_is_no_envelope_is_skipped_and_unknown_kinds_are_handed_on() {
    let server = driven().await;
    let (handler, mut handed) = recorder();
    let running = Running::start(config(&server.url()), handler);
    let mut peer = server.next_peer().await.unwrap();
    peer.send(Message::Binary(vec![0, 159].into())).await.unwrap();
    peer.send(Message::Text(r#"{"token":"s3cret","kind":7}"#.into())).await.unwrap();
    peer.send(Message::Text(r#"{"kind":"never.heard.of","payload":1,"more":2}"#.into())).await.unwrap();
    for wanted in ["binary", "line 1"] {
        let Some(Incoming::Skipped { why, .. }) = must(handed.recv()).await else { panic!("skipped") };
        assert!(why.contains(wanted) && !why.contains("s3cret"), "{why}");
    }
    let Some(Incoming::Envelope { envelope, .. }) = must(handed.recv()).await else { panic!("an envelope") };
    assert_eq!((envelope.kind.as_str(), envelope.extra[0].0.as_str()), ("never.heard.of", "more"));
    running.stop().await;
}

#[tokio::test]
async fn a_slow_handler_delays_no_answer_and_is_told_what_it_missed() {
    let server = driven().await;
    let (sender, mut handed) = tokio::sync::mpsc::channel(64);
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let handler = move |incoming| {
        let (sender, opened) = (sender.clone(), opened.clone());
        async move {
            sender.send(incoming).await.unwrap();
            opened.notified().await;
        }
    };
    let running =
        Running::start(config(&server.url()).with_queue(losing().with_items(2.try_into().unwrap())), handler);
    let mut peer = server.next_peer().await.unwrap();
    say(&mut peer, &Envelope::new("first")).await;
    // The handler has the first and is stuck with it.
    assert!(matches!(must(handed.recv()).await, Some(Incoming::Envelope { .. })));
    for n in 0..7 {
        say(&mut peer, &Envelope::new(format!("more {n}"))).await;
    }
    // An answer behind them all still arrives.
    let answering = async {
        let request = envelope(&mut peer).await;
        say(&mut peer, &request.reply("told")).await;
    };
    let (answer, ()) = tokio::join!(running.client.request(Envelope::request("ask"), BOUND), answering);
    assert_eq!(answer.unwrap().kind, "told");
    for wanted in ["more 0", "more 1", "missed 5"] {
        gate.notify_one();
        let shown = match must(handed.recv()).await.unwrap() {
            Incoming::Envelope { envelope, .. } => envelope.kind,
            Incoming::Missed(missed) => format!("missed {missed}"),
            other => format!("{other:?}"),
        };
        assert_eq!(shown, wanted);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_router_answers_by_kind_and_a_slow_route_holds_up_no_other() {
    let server = driven().await;
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let (rest, mut handed) = recorder();
    let router = Router::new()
        .on("add", |request: Envelope| async move {
            let (a, b): (i64, i64) = request.payload_as().map_err(|error| error.to_string())?;
            request.reply("sum").with_payload(a + b).map_err(|error| error.to_string())
        })
        .on("slow", move |request: Envelope| {
            let opened = opened.clone();
            async move {
                opened.notified().await;
                Ok::<_, String>(request.reply("done"))
            }
        })
        .fallback(rest);
    let running = Running::start(config(&server.url()), router);
    let mut peer = server.next_peer().await.unwrap();
    let slow = Envelope::request("slow");
    say(&mut peer, &slow).await;
    let sum = Envelope::request("add").with_payload((20, 22)).unwrap();
    say(&mut peer, &sum).await;
    let answer = envelope(&mut peer).await;
    assert_eq!((answer.kind.as_str(), answer.payload_as::<i64>().unwrap()), ("sum", 42));
    assert_eq!(answer.in_reply_to, sum.id);
    // A request that cannot be answered gets the reason.
    let wrong = Envelope::request("add").with_payload("text").unwrap();
    say(&mut peer, &wrong).await;
    let answer = envelope(&mut peer).await;
    assert_eq!((answer.kind.as_str(), &answer.in_reply_to), (ERROR_KIND, &wrong.id));
    assert!(answer.payload.unwrap().get().contains("another type"));
    // A kind without route is handed on, and can be answered by whoever takes it.
    let unknown = Envelope::request("unknown");
    say(&mut peer, &unknown).await;
    let Some(Incoming::Envelope { envelope: request, replier }) = must(handed.recv()).await else {
        panic!("it")
    };
    replier.reply(request.reply("by hand"), BOUND).await.unwrap();
    assert_eq!(envelope(&mut peer).await.in_reply_to, unknown.id);
    // A message without id is taken and not answered: the next answer is the slow one's.
    say(&mut peer, &Envelope::new("add")).await;
    gate.notify_one();
    assert_eq!(envelope(&mut peer).await.in_reply_to, slow.id);
    running.stop().await;
}

/// The queue counted envelopes and not their size: 1,024 of a mebibyte each waited.
#[tokio::test]
async fn what_waits_for_the_handler_is_bounded_in_bytes() {
    let server = driven().await;
    let (handler, mut handed) = stuck();
    let bounded = config(&server.url()).with_queue(losing().with_bytes(100_000));
    let running = Running::start(bounded, handler);
    let mut peer = server.next_peer().await.unwrap();
    say(&mut peer, &Envelope::new("first")).await;
    let (first, gate) = must(handed.recv()).await.unwrap();
    assert!(matches!(first, Incoming::Envelope { .. }));
    for n in 0..7 {
        let large = Envelope::new(format!("more {n}")).with_payload("x".repeat(40_000)).unwrap();
        say(&mut peer, &large).await;
    }
    say(&mut peer, &Envelope::new("small")).await;
    let answering = async {
        let request = envelope(&mut peer).await;
        say(&mut peer, &request.reply("told")).await;
    };
    let (answer, ()) = tokio::join!(running.client.request(Envelope::request("ask"), BOUND), answering);
    answer.unwrap();
    let mut open = gate;
    for wanted in ["more 0", "more 1", "missed 5", "small"] {
        open.notify_one();
        let (incoming, gate) = must(handed.recv()).await.unwrap();
        open = gate;
        let shown = match incoming {
            Incoming::Envelope { envelope, .. } => envelope.kind,
            Incoming::Missed(missed) => format!("missed {missed}"),
            other => format!("{other:?}"),
        };
        assert_eq!(shown, wanted);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_client_that_is_dropped_closes_its_link_though_something_waits() {
    let server = driven().await;
    let (handler, mut handed) = stuck();
    let running = Running::start(config(&server.url()), handler);
    let mut peer = server.next_peer().await.unwrap();
    for n in 0..3 {
        say(&mut peer, &Envelope::request(format!("request {n}"))).await;
    }
    let first = must(handed.recv()).await.unwrap();
    running.task.abort();
    drop((first, running.client, running.cancel));
    must(running.task).await.unwrap_err();
    assert!(must(peer.receive()).await.is_err());
}

fn losing() -> HandlerQueue {
    HandlerQueue::default().with_when_full(WhenFull::Lose)
}

/// A handler that is stuck with each item until its gate is opened.
fn stuck() -> (impl Handler, tokio::sync::mpsc::Receiver<(Incoming, Arc<Notify>)>) {
    let (sender, handed) = tokio::sync::mpsc::channel(64);
    let handler = move |incoming| {
        let sender = sender.clone();
        async move {
            let gate = Arc::new(Notify::new());
            sender.send((incoming, gate.clone())).await.expect("the test listens");
            gate.notified().await;
        }
    };
    (handler, handed)
}
