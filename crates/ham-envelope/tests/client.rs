//! Sending, asking, connecting, stopping, over a real socket.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use ham_envelope::{Client, ConnectEvent, Envelope, Incoming, RequestError, RunError};
use ham_persistent::State;
use ham_session::{Delivery, DialError, Ended, FirstDial, Recovery};
use ham_testkit::server::{Behaviour, Server};
use ham_testkit::wait::pass;
use support::{BOUND, Running, answering, config, deaf, driven, envelope, must, next, recorder, say};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn answers_find_their_requests_in_any_order() {
    let server = driven().await;
    let running = Running::start(config(&server.url()), deaf());
    let mut peer = server.next_peer().await.unwrap();
    let asked: Vec<_> = (0..20).map(|n| Envelope::request("ask").with_payload(n).unwrap()).collect();
    let requests =
        futures_util::future::join_all(asked.iter().map(|ask| running.client.request(ask.clone(), BOUND)));
    let answers = async {
        let mut seen = Vec::new();
        for _ in 0..20 {
            seen.push(envelope(&mut peer).await);
        }
        for request in seen.iter().rev() {
            let answer = request.reply("told").with_payload(request.payload_as::<u32>().unwrap()).unwrap();
            say(&mut peer, &answer).await;
        }
    };
    let (answered, ()) = tokio::join!(requests, answers);
    for (n, answer) in answered.into_iter().enumerate() {
        let answer = answer.unwrap();
        assert_eq!((answer.payload_as::<usize>().unwrap(), &answer.in_reply_to), (n, &asked[n].id));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_request_without_id_is_refused() {
    let server = answering().await;
    let running = Running::start(config(&server.url()), deaf());
    let error = running.client.request(Envelope::new("ask"), BOUND).await.unwrap_err();
    assert!(matches!(error, RequestError::NoId));
    assert_eq!((error.delivery(), error.recovery()), (Delivery::NotSent, Recovery::FixCaller));
    running.stop().await;
}

#[tokio::test]
async fn a_late_answer_goes_to_the_handler_and_the_link_stays() {
    let server = driven().await;
    let (handler, mut handed) = recorder();
    let running = Running::start(config(&server.url()), handler);
    let mut peer = server.next_peer().await.unwrap();
    let late = Envelope::request("slow");
    let within = Duration::from_secs(10);
    let asked = async {
        let request = envelope(&mut peer).await;
        // Its time is up now that it has come.
        pass(within).await;
        request
    };
    let (error, request) = tokio::join!(running.client.request(late.clone(), within), asked);
    let error = error.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown, "{error}");
    say(&mut peer, &request.reply("too late")).await;
    let Some(Incoming::LateAnswer(answer)) = must(handed.recv()).await else { panic!("a late answer") };
    assert_eq!(answer.in_reply_to, late.id);
    let answered = async {
        let request = envelope(&mut peer).await;
        say(&mut peer, &request.reply("told")).await;
    };
    let (answer, ()) = tokio::join!(running.client.request(Envelope::request("ask"), BOUND), answered);
    assert_eq!(answer.unwrap().kind, "told");
    running.stop().await;
}

#[tokio::test]
async fn a_send_waits_for_the_connection_within_the_callers_time() {
    // Nothing runs: nothing can be sent.
    let server = driven().await;
    let client = Client::new(config(&server.url()), deaf()).unwrap();
    let error = client.send(Envelope::new("note"), Duration::from_millis(20)).await.unwrap_err();
    assert!(matches!(error, RequestError::NotConnected { .. }), "{error}");
    assert_eq!((error.delivery(), client.connected(), client.state()), (Delivery::NotSent, false, None));
    // It starts meanwhile: what waits goes out.
    let cancel = CancellationToken::new();
    let sending = async {
        client.send(Envelope::new("note"), BOUND).await.unwrap();
        let mut peer = server.next_peer().await.unwrap();
        assert_eq!(envelope(&mut peer).await.kind, "note");
        assert!(client.connected());
        cancel.cancel();
    };
    let (ran, ()) = must(async { tokio::join!(client.run(cancel.clone()), sending) }).await;
    ran.unwrap();
    assert!(!client.connected());
}

#[tokio::test]
async fn what_waits_when_the_client_stops_is_told() {
    let server = Server::start([Behaviour::RefuseUpgrade { status: 503 }]).await.unwrap();
    let running = Running::start(config(&server.url()), deaf());
    let client = running.client.clone();
    let (error, ()) =
        tokio::join!(client.request(Envelope::request("ask"), Duration::from_secs(2)), running.stop());
    assert_eq!(error.unwrap_err().delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a_failed_first_connect_is_returned_only_where_asked_for() {
    let server = Server::start([
        Behaviour::RefuseUpgrade { status: 401 },
        Behaviour::RefuseUpgrade { status: 401 },
        support::answers(),
    ])
    .await
    .unwrap();
    let strict = config(&server.url())
        .with_endpoint(|endpoint| endpoint.with_token("s3cret").with_first_dial(FirstDial::Required));
    let client = Client::new(strict, deaf()).unwrap();
    let error = must(client.run(CancellationToken::new())).await.unwrap_err();
    let RunError::FirstDial(cause) = &error else { panic!("{error}") };
    assert!(matches!(**cause, DialError::Refused { status, .. } if status.as_u16() == 401), "{cause}");
    assert!(!format!("{error:?} {error} {cause} {client:?}").contains("s3cret"));
    // The other way it goes on, past a second refusal.
    let running = Running::start(config(&server.url()), deaf());
    let answer = running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    assert_eq!(answer.kind, "answer");
    running.stop().await;
}

#[tokio::test]
async fn it_runs_once_at_a_time_and_again_afterwards() {
    let server = answering().await;
    let running = Running::start(config(&server.url()), deaf());
    let client = running.client.clone();
    client.request(Envelope::request("ask"), BOUND).await.unwrap();
    assert!(matches!(client.run(CancellationToken::new()).await, Err(RunError::AlreadyRunning)));
    running.stop().await;
    let cancel = CancellationToken::new();
    let asking = async {
        let answer = client.request(Envelope::request("again"), BOUND).await;
        cancel.cancel();
        answer
    };
    let (ran, answer) = must(async { tokio::join!(client.run(cancel.clone()), asking) }).await;
    ran.unwrap();
    answer.unwrap();
}

#[tokio::test]
async fn a_token_is_asked_for_before_each_dial_and_the_last_good_one_kept() {
    let server = driven().await;
    let asked = AtomicU32::new(0);
    // The configured token first, then a fresh one, then the provider fails: the fresh one again.
    let provider = move || {
        let asked = asked.fetch_add(1, Ordering::Relaxed);
        async move { if asked == 1 { Ok("fresh".to_owned()) } else { Err("no token today".into()) } }
    };
    let config = config(&server.url())
        .with_endpoint(|endpoint| endpoint.with_token("first").with_token_provider(provider));
    let running = Running::start(config, deaf());
    for token in ["Bearer first", "Bearer fresh", "Bearer fresh"] {
        let peer = server.next_peer().await.unwrap();
        assert_eq!(peer.upgrade().header("authorization"), Some(token));
        peer.close(1001).await.unwrap();
    }
    running.stop().await;
}

#[tokio::test]
async fn every_subscriber_sees_every_change_and_a_slow_one_is_told() {
    let server = driven().await;
    let config = config(&server.url()).with_event_capacity(4.try_into().unwrap());
    let client = Client::new(config, deaf()).unwrap();
    let (mut one, mut other, mut slow) = (client.events(), client.events(), client.events());
    let cancel = CancellationToken::new();
    let watching = async {
        for _ in 0..6 {
            let peer = server.next_peer().await.unwrap();
            assert_eq!(
                (next(&mut one).await, next(&mut other).await),
                (ConnectEvent::Connected, ConnectEvent::Connected)
            );
            peer.close(1001).await.unwrap();
            let gone = ConnectEvent::Disconnected(Ended { code: Some(1001), reason: "".into() });
            assert_eq!((next(&mut one).await, next(&mut other).await), (gone.clone(), gone));
        }
        cancel.cancel();
    };
    let (ran, ()) = must(async { tokio::join!(client.run(cancel.clone()), watching) }).await;
    ran.unwrap();
    for _ in 0..2 {
        assert_eq!(next(&mut slow).await, ConnectEvent::Connected);
        assert!(matches!(next(&mut slow).await, ConnectEvent::Disconnected(_)));
    }
    assert_eq!(next(&mut slow).await, ConnectEvent::Missed(8));
    drop(client);
    // The subscriptions are streams, which end with the client.
    assert_eq!(must(StreamExt::count(slow)).await, 0);
}

#[tokio::test]
async fn sends_of_many_tasks_are_never_torn() {
    let server = driven().await;
    let running = Running::start(config(&server.url()), deaf());
    let mut peer = server.next_peer().await.unwrap();
    let body = "x".repeat(40_000);
    let sends = (0..64).map(|n| {
        let envelope = Envelope::new("note").with_payload((n, &body)).unwrap();
        running.client.send(envelope, BOUND)
    });
    let receive = async {
        let mut seen: Vec<u32> = Vec::new();
        for _ in 0..64 {
            let (n, came): (u32, String) = envelope(&mut peer).await.payload_as().unwrap();
            assert_eq!(came, body);
            seen.push(n);
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..64).collect::<Vec<_>>());
    };
    let (sent, ()) = must(async { tokio::join!(futures_util::future::join_all(sends), receive) }).await;
    assert!(sent.iter().all(Result::is_ok));
    running.stop().await;
}

/// It was not told, and a subscriber that came a moment after `run` missed the first `Connected`.
#[tokio::test]
async fn how_a_link_ended_is_told_and_a_late_subscriber_gets_the_last_change_first() {
    let server = driven().await;
    let running = Running::start(config(&server.url()), deaf());
    let mut events = running.client.events();
    assert_eq!(next(&mut events).await, ConnectEvent::Connected);
    assert_eq!(next(&mut running.client.events()).await, ConnectEvent::Connected);
    let mut peer = server.next_peer().await.unwrap();
    // Whatever came before.
    running.client.send(Envelope::new("note"), BOUND).await.unwrap();
    envelope(&mut peer).await;
    peer.close_saying(1008, "no such token").await.unwrap();
    let gone = ConnectEvent::Disconnected(Ended { code: Some(1008), reason: "no such token".into() });
    assert_eq!(next(&mut events).await, gone);
    let client = running.client.clone();
    running.stop().await;
    let mut late = client.events();
    assert!(matches!(next(&mut late).await, ConnectEvent::Disconnected(_)));
}

/// A server that closes with 1008 right after the upgrade was dialled 119 times in 12 s.
#[tokio::test]
async fn a_server_that_accepts_and_closes_is_not_dialled_at_once() {
    let server = driven().await;
    let (min, max) = (Duration::from_secs(3600), Duration::from_secs(7200));
    let running = Running::start(
        config(&server.url()).with_endpoint(|endpoint| endpoint.with_reconnect_delays(min, max)),
        deaf(),
    );
    let mut events = running.client.events();
    assert_eq!(next(&mut events).await, ConnectEvent::Connected);
    server.next_peer().await.unwrap().close_saying(1008, "policy").await.unwrap();
    assert!(matches!(next(&mut events).await, ConnectEvent::Disconnected(Ended { code: Some(1008), .. })));
    let Some(State::BackingOff { until, cause, .. }) = running.client.state() else { panic!("it waits") };
    assert!(until - Instant::now() > min / 2);
    assert_eq!(cause.to_string(), "link lost: closed by the peer: code 1008, reason \"policy\"");
    running.stop().await;
}

/// Public times that overflowed an instant.
#[tokio::test]
async fn a_time_without_end_is_one() {
    let server = answering().await;
    let endless = config(&server.url())
        .with_endpoint(|endpoint| endpoint.with_reconnect_delays(Duration::MAX, Duration::MAX));
    let running = Running::start(endless, deaf());
    let (client, for_ever) = (running.client.clone(), Duration::MAX);
    client.send(Envelope::new("note"), for_ever).await.unwrap();
    must(client.request(Envelope::request("ask"), for_ever)).await.unwrap();
    must(client.request(Envelope::request("ask"), Duration::from_secs(u64::MAX))).await.unwrap();
    running.stop().await;
}
