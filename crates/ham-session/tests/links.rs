//! How a link is kept, and how it ends.

#![expect(clippy::disallowed_methods, reason = "a test owns its tasks")]

mod support;

use std::time::Duration;

use ham_persistent::Connection;
use ham_session::{Delivery, Health, LinkEnd, RequestError, SessionConfig};
use ham_testkit::wait::pass;
use support::binary::{Binary, PUSH, binary_rig, bytes, call, push};
use support::{Message, Peer, Rig, Server, far, must, rig, started, window};
use tokio::time::Instant;

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_peer_that_does_not_pong_is_silent_and_gets_no_close_frame() {
    let Rig { link, mut peer, .. } = binary_rig(&SessionConfig::default().with_ping(LONG, LONG)).await;
    let silent = async {
        assert_eq!(must(peer.recv_call()).await.unwrap().1, 1);
        // The ping is sent, and then its pong is late.
        pass(LONG).await;
        pass(LONG).await;
    };
    let (lost, ()) = tokio::join!(link.request(call(1, ""), Instant::now() + 10 * LONG), silent);
    assert_eq!(lost.unwrap_err().delivery(), Delivery::Unknown);
    assert!(matches!(*must(link.closed()).await, LinkEnd::Silent { .. }));
    assert!(must(peer.recv()).await.is_none(), "no close frame");
}

#[tokio::test]
async fn a_silent_peer_is_dead_at_the_silence_bound() {
    let config = SessionConfig::default().with_silence_bound(Some(LONG));
    let Rig { link, peer: _peer, .. } = binary_rig(&config).await;
    pass(LONG).await;
    let end = must(link.closed()).await;
    assert!(matches!(*end, LinkEnd::Silent { after } if after >= LONG), "{end:?}");
}

#[tokio::test]
async fn a_blocked_write_is_noticed() {
    let config = SessionConfig::default().with_ping(SHORT, SHORT * 10);
    let Rig { link, peer: _peer, .. } = binary_rig(&config).await;
    // Far more than the socket's buffers hold, to a peer that never reads.
    let sent = link.send(push(vec![0; 60 << 20]), far()).await.unwrap_err();
    assert!(matches!(sent, RequestError::LinkLost { .. }), "{sent:?}");
    assert_eq!(sent.delivery(), Delivery::Unknown);
    assert!(matches!(*must(link.closed()).await, LinkEnd::Silent { .. }));
}

#[tokio::test]
async fn a_ping_measures_the_round_trip() {
    let Rig { link, mut peer, mut inbox } =
        binary_rig(&SessionConfig::default().with_ping(SHORT, LONG)).await;
    let reading = tokio::spawn(async move { peer.recv().await });
    must(async {
        while link.round_trip_time().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(link.end().is_none() && inbox.try_recv().is_err());
    reading.abort();
}

#[tokio::test]
async fn an_unanswered_probe_degrades_and_an_answer_heals() {
    // The window is full: the probe has a slot of its own.
    let config = SessionConfig::default()
        .with_max_in_flight(window(1))
        .with_ping(LONG, SHORT)
        .with_degraded_after(Some(SHORT));
    let server = Server::plain().await;
    let protocol = Binary { probe: Some(999), ..Binary::new() };
    let Rig { link, mut peer, .. } = rig(&server, protocol, &config, Peer::welcome).await.unwrap();
    let mut health = link.health();
    let asked = tokio::spawn({
        let link = link.clone();
        async move { link.request(call(1, ""), far()).await }
    });
    assert_eq!(peer.recv_call().await.unwrap().1, 1);
    assert_eq!(peer.recv_call().await.unwrap().1, 999);
    must(health.wait_for(|health| matches!(health, Health::Degraded { .. }))).await.unwrap();
    assert!(link.end().is_none(), "degraded is not closed");
    peer.answer(999, b"").await;
    must(health.wait_for(|health| *health == Health::Healthy)).await.unwrap();
    peer.answer(1, b"").await;
    assert!(must(asked).await.unwrap().is_ok());
}

#[tokio::test]
async fn close_drains_and_takes_nothing_new() {
    let Rig { link, mut peer, .. } = binary_rig(&SessionConfig::default()).await;
    let asked = tokio::spawn({
        let link = link.clone();
        async move { link.request(call(1, ""), far()).await }
    });
    peer.recv_call().await.unwrap();
    let mut closing = Box::pin(link.close());
    assert!(!started(&mut closing).await);
    let refused = link.request(call(2, ""), far()).await.unwrap_err();
    assert!(matches!(refused, RequestError::Draining));
    link.try_send(push("reply")).unwrap();
    assert_eq!(peer.recv_call().await.unwrap().0, PUSH);
    peer.answer(1, b"last").await;
    assert_eq!(&must(asked).await.unwrap().unwrap()[..], b"last");
    assert!(matches!(must(peer.recv()).await, Some(Message::Close(Some(_)))));
    assert!(must(peer.recv()).await.is_none());
    drop(peer);
    must(closing).await;
    assert!(matches!(*link.closed().await, LinkEnd::ClosedHere));
}

#[tokio::test]
async fn a_caller_that_goes_away_lets_the_close_go_on() {
    let Rig { link, mut peer, .. } =
        binary_rig(&SessionConfig::default().with_drain_timeout(LONG * 60)).await;
    let asked = tokio::spawn({
        let link = link.clone();
        async move { link.request(call(1, ""), far()).await }
    });
    peer.recv_call().await.unwrap();
    let mut closing = Box::pin(link.close());
    assert!(!started(&mut closing).await);
    asked.abort();
    assert!(matches!(must(peer.recv()).await, Some(Message::Close(_))));
    drop(peer);
    must(closing).await;
}

#[tokio::test]
async fn close_is_bounded_though_nobody_answers() {
    let config = SessionConfig::default().with_drain_timeout(SHORT).with_close_timeout(SHORT);
    let Rig { link, peer: _peer, .. } = binary_rig(&config).await;
    let asked = link.request(call(1, ""), far());
    let (asked, ()) = tokio::join!(asked, async {
        tokio::task::yield_now().await;
        must(link.close()).await;
    });
    let RequestError::LinkLost { end, .. } = asked.unwrap_err() else { panic!("lost") };
    assert!(matches!(*end, LinkEnd::ClosedHere));
}

#[tokio::test]
async fn dropping_the_last_handle_writes_what_is_queued_and_closes() {
    let Rig { link, mut peer, .. } = binary_rig(&SessionConfig::default()).await;
    link.try_send(push("last words")).unwrap();
    drop(link);
    assert_eq!(&must(peer.recv_call()).await.unwrap().2[..], b"last words");
    assert!(matches!(must(peer.recv()).await, Some(Message::Close(_))));
}

#[tokio::test]
async fn the_peers_close_tells_its_code() {
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;
    let Rig { link, mut peer, .. } = binary_rig(&SessionConfig::default()).await;
    let close = CloseFrame { code: 1012.into(), reason: "restart".into() };
    peer.send(Message::Close(Some(close))).await;
    let end = must(link.closed()).await;
    assert!(matches!(&*end, LinkEnd::ClosedByPeer { code: 1012, reason } if reason == "restart"), "{end:?}");
    must(link.close()).await;
}

#[tokio::test]
async fn a_peer_that_writes_without_reading_does_not_block_both_sides() {
    const MESSAGES: usize = 24;
    let Rig { link, mut peer, mut inbox } = binary_rig(&SessionConfig::default()).await;
    let megabyte = vec![7; 1 << 20];
    let sending = tokio::spawn({
        let (link, body) = (link.clone(), megabyte.clone());
        async move {
            let one = |_| link.send(push(body.clone()), far());
            futures_util::future::join_all((0..MESSAGES).map(one)).await
        }
    });
    // Our side is blocked in writing soon; the peer writes all the same before it reads anything.
    for _ in 0..MESSAGES {
        must(peer.send(Message::Binary(bytes(PUSH, 0, &megabyte)))).await;
    }
    for _ in 0..MESSAGES {
        assert!(must(inbox.recv()).await.is_some());
    }
    assert!(!sending.is_finished(), "nobody has read it yet");
    for _ in 0..MESSAGES {
        assert_eq!(must(peer.recv_call()).await.unwrap().2.len(), megabyte.len());
    }
    assert!(must(sending).await.unwrap().iter().all(Result::is_ok));
}

/// The close frame said 1002, for a violation of the protocol: RFC 6455 (8.1) has a code of its own.
#[tokio::test]
async fn text_that_is_not_utf_8_is_closed_with_1007() {
    use futures_util::StreamExt as _;
    use tokio::io::AsyncWriteExt as _;
    for pieces in [&[&[0x81, 2, 0xc3, 0x28][..]][..], &[&[0x01, 1, b'a'], &[0x80, 1, 0xc3]]] {
        let Rig { link, mut peer, .. } = binary_rig(&SessionConfig::default()).await;
        for piece in pieces {
            peer.ws.get_mut().write_all(piece).await.unwrap();
        }
        let end = must(link.closed()).await;
        assert!(matches!(*end, LinkEnd::NotUtf8), "{end:?}");
        let Some(Ok(Message::Close(Some(close)))) = must(peer.ws.next()).await else { panic!("a close") };
        assert_eq!(u16::from(close.code), 1007);
    }
}
