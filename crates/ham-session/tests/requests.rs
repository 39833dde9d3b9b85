//! What a caller of one link can count on.

#![expect(clippy::disallowed_methods, reason = "a test owns its tasks")]

mod support;

use std::sync::Arc;

use ham_session::{Delivery, Incoming, LinkEnd, Phase, RequestError, SessionConfig};
use ham_testkit::wait::pass;
use serde_json::json;
use support::binary::{RESPONSE, binary_rig, bytes, call, push};
use support::json::{Json, request};
use support::{Message, Peer, Rig, Server, far, must, rig, soon, window};
use tokio::task::JoinSet;
use tokio::time::Instant;

fn config() -> SessionConfig {
    SessionConfig::default()
}

#[tokio::test]
async fn a_time_out_leaves_the_link_usable_and_the_late_answer_is_an_orphan() {
    let Rig { link, mut peer, mut inbox } = binary_rig(&config()).await;
    let deadline = far();
    let late = async {
        must(peer.recv_call()).await.unwrap();
        pass(deadline - Instant::now()).await;
    };
    let (late, ()) = tokio::join!(link.request(call(1, "slow"), deadline), late);
    let error = late.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut { phase: Phase::Sent, .. }), "{error:?}");
    assert_eq!((error.delivery(), link.in_flight()), (Delivery::Unknown, 1), "the peer has it");
    peer.answer(1, b"late").await;
    assert!(matches!(must(inbox.recv()).await, Some(Incoming::Orphan { key: 1, .. })));
    assert_eq!(link.in_flight(), 0);
    let echo = tokio::spawn(peer.echo());
    assert_eq!(&link.request(call(2, "next"), far()).await.unwrap()[..], b"next");
    drop(link);
    assert_eq!(must(echo).await.unwrap(), 1);
}

#[tokio::test]
async fn what_waits_for_the_window_times_out_as_not_sent() {
    let Rig { link, mut peer, .. } = binary_rig(&config().with_max_in_flight(window(1))).await;
    let first = tokio::spawn({
        let link = link.clone();
        async move { link.request(call(1, "first"), far()).await }
    });
    assert_eq!(peer.recv_call().await.unwrap().1, 1);
    let error = link.request(call(2, "second"), soon()).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut { phase: Phase::Queued, .. }), "{error:?}");
    peer.answer(1, b"done").await;
    assert!(must(first).await.unwrap().is_ok());
    tokio::spawn(peer.echo());
    assert!(link.request(call(3, "third"), far()).await.is_ok(), "and it was never sent");
}

#[tokio::test]
async fn dropping_the_future_withdraws_the_request() {
    let Rig { link, mut peer, mut inbox } = binary_rig(&config()).await;
    let asked = tokio::spawn({
        let link = link.clone();
        async move { link.request(call(1, "given up"), far()).await }
    });
    peer.recv_call().await.unwrap();
    assert_eq!(link.in_flight(), 1);
    asked.abort();
    assert!(must(asked).await.unwrap_err().is_cancelled());
    assert_eq!(link.in_flight(), 1, "the peer has it");
    peer.answer(1, b"late").await;
    assert!(matches!(must(inbox.recv()).await, Some(Incoming::Orphan { key: 1, .. })));
    assert_eq!(link.in_flight(), 0);
}

#[tokio::test]
async fn the_end_of_the_link_fails_everything_and_says_what_was_sent() {
    let Rig { link, mut peer, .. } = binary_rig(&config().with_max_in_flight(window(2))).await;
    let mut asked = JoinSet::new();
    for id in 1..=5 {
        let link = link.clone();
        asked.spawn(async move { link.request(call(id, "lost"), far()).await.unwrap_err() });
    }
    peer.recv_call().await.unwrap();
    peer.recv_call().await.unwrap();
    drop(peer);
    let mut sent = 0;
    while let Some(error) = must(asked.join_next()).await {
        let RequestError::LinkLost { phase, end } = error.unwrap() else { panic!("lost") };
        assert!(matches!(*end, LinkEnd::Lost(_)), "{end:?}");
        assert!(Arc::ptr_eq(&end, &link.end().unwrap()));
        sent += usize::from(phase == Phase::Sent);
    }
    assert_eq!(sent, 2);
    let after = link.request(call(9, "after"), far()).await.unwrap_err();
    assert_eq!(after.delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn beyond_the_bounds_is_overload() {
    let config = config().with_max_in_flight(window(1)).with_max_waiting(1);
    let Rig { link, mut peer, .. } = binary_rig(&config).await;
    let mut asked = JoinSet::new();
    for id in 1..=3 {
        let link = link.clone();
        asked.spawn(async move { link.request(call(id, ""), far()).await });
    }
    let refused = must(asked.join_next()).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(refused, RequestError::Overloaded { limit: 2 }), "{refused:?}");
    for _ in 0..2 {
        let (_, id, _) = peer.recv_call().await.unwrap();
        peer.answer(id, b"").await;
    }
    while let Some(answer) = must(asked.join_next()).await {
        assert!(answer.unwrap().is_ok());
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_before_anything_is_sent() {
    let Rig { link, mut peer, .. } = binary_rig(&config().with_max_send_size(64)).await;
    let no_key = link.request(push("x"), far()).await.unwrap_err();
    assert!(matches!(no_key, RequestError::NoKey));
    let large = link.request(call(1, vec![0; 56]), far()).await.unwrap_err();
    assert!(matches!(large, RequestError::TooLarge { size: 65, limit: 64 }), "{large:?}");
    let first = tokio::spawn({
        let link = link.clone();
        async move { link.request(call(1, ""), far()).await }
    });
    peer.recv_call().await.unwrap();
    let twice = link.request(call(1, ""), far()).await.unwrap_err();
    assert!(matches!(twice, RequestError::DuplicateKey));
    for error in [no_key, large, twice] {
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    peer.answer(1, b"").await;
    assert!(must(first).await.unwrap().is_ok());
}

#[tokio::test]
async fn an_unencodable_message_is_the_callers() {
    let server = Server::plain().await;
    let rig = rig(&server, Json, &config(), async |peer| peer).await.unwrap();
    let error = rig.link.request(json!({ "id": "a" }), far()).await.unwrap_err();
    assert!(matches!(error, RequestError::Encode(_)));
    assert!(matches!(rig.link.try_send(json!({})), Err(RequestError::Encode(_))));
}

#[tokio::test]
async fn garbage_is_reported_and_skipped() {
    let Rig { link, mut peer, mut inbox } = binary_rig(&config()).await;
    for garbage in [Message::text("what"), Message::binary(vec![]), Message::binary(vec![77; 40])] {
        peer.send(garbage).await;
        assert!(matches!(must(inbox.recv()).await, Some(Incoming::Skipped { .. })));
    }
    tokio::spawn(peer.echo());
    assert!(link.request(call(1, "alive"), far()).await.is_ok());
}

#[tokio::test]
async fn a_fatal_message_ends_the_link() {
    use ham_persistent::Connection;
    let Rig { link, mut peer, .. } = binary_rig(&config()).await;
    peer.send(Message::Binary(bytes(99, 0, b""))).await;
    assert!(matches!(*must(link.closed()).await, LinkEnd::ProtocolViolation(_)));
    assert!(matches!(must(peer.recv()).await, Some(Message::Close(Some(_)))), "and says so");
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_link() {
    use ham_persistent::Connection;
    let Rig { link, mut peer, .. } = binary_rig(&config().with_max_message_size(1000)).await;
    peer.send(Message::Binary(bytes(RESPONSE, 1, &[0; 2000]))).await;
    let end = must(link.closed()).await;
    assert!(matches!(*end, LinkEnd::TooLarge { size: 2009, limit: 1000 }), "{end:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_requests_leave_an_empty_table() {
    let Rig { link, peer, .. } = binary_rig(&config().with_max_in_flight(window(100))).await;
    let echo = tokio::spawn(peer.echo());
    let mut callers = JoinSet::new();
    for caller in 0..200_u64 {
        let link = link.clone();
        callers.spawn(async move {
            for turn in 0..50 {
                let id = caller * 1000 + turn;
                let body = id.to_string();
                assert_eq!(link.request(call(id, body.clone()), far()).await.unwrap(), body.as_bytes());
            }
        });
    }
    while let Some(caller) = must(callers.join_next()).await {
        caller.unwrap();
    }
    assert_eq!(link.in_flight(), 0);
    drop(link);
    assert_eq!(must(echo).await.unwrap(), 10_000);
}

#[tokio::test]
async fn a_busy_key_of_the_protocol_is_one_request() {
    let server = Server::plain().await;
    let mut rig = rig(&server, Json, &config(), async |peer: Peer| peer).await.unwrap();
    let first = tokio::spawn({
        let link = rig.link.clone();
        async move { link.request(request("same"), far()).await }
    });
    rig.peer.recv_json().await;
    let twice = rig.link.request(request("same"), far()).await.unwrap_err();
    assert!(matches!(twice, RequestError::DuplicateKey));
    first.abort();
}
