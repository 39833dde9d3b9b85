//! Deadlines and closes hold whatever the socket does, and whoever drives it.

use ham_persistent::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout};

use super::rig::{Rig, ask, rig, seconds, settle, within};
use crate::config::SessionConfig;
use crate::error::{LinkEnd, Phase, RequestError};
use crate::link::CLOSE_GRACE;

const MILLIS: std::time::Duration = std::time::Duration::from_millis(1);

/// A link whose peer does not read, with more frames queued than the socket takes.
async fn blocked() -> Rig {
    let rig = rig(1 << 10, false, &SessionConfig::default()).await;
    for _ in 0..40 {
        rig.link.try_send((0, 64 << 10)).expect("queued");
    }
    settle().await;
    rig
}

#[tokio::test(start_paused = true)]
async fn a_deadline_holds_while_a_write_is_blocked_and_frames_are_left() {
    let Rig { link, peer: _peer, .. } = blocked().await;
    let began = Instant::now();
    let late = link.request((1, 0), within(200 * MILLIS)).await.unwrap_err();
    assert!(matches!(late, RequestError::TimedOut { phase: Phase::Queued, .. }), "{late:?}");
    assert!(began.elapsed() <= 201 * MILLIS, "{:?}", began.elapsed());
    let late = link.send((0, 0), within(200 * MILLIS)).await.unwrap_err();
    assert!(matches!(late, RequestError::TimedOut { phase: Phase::Queued, .. }), "{late:?}");
    assert!(began.elapsed() <= 402 * MILLIS, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_close_holds_its_time_outs_while_a_write_is_blocked_and_frames_are_left() {
    let Rig { link, peer: _peer, .. } = blocked().await;
    let began = Instant::now();
    link.close().await;
    assert!(began.elapsed() <= seconds(6) + 2 * MILLIS, "{:?}", began.elapsed());
    assert!(matches!(*link.closed().await, LinkEnd::ClosedHere), "and the socket is released");
}

#[tokio::test(start_paused = true)]
async fn a_blocked_link_whose_peer_reads_again_goes_on() {
    let Rig { link, mut peer, .. } = blocked().await;
    let asked = ask(&link, 1, seconds(5));
    settle().await;
    for _ in 0..40 {
        assert_eq!(peer.next().await, Some(0));
    }
    assert_eq!(peer.next().await, Some(1));
    peer.answer(1).await;
    assert!(asked.await.expect("it ran").is_ok());
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
}

/// A link whose runtime nobody drives any more.
fn undriven() -> (Runtime, Rig) {
    let home = paused();
    let rig = home.block_on(rig(1 << 20, false, &SessionConfig::default()));
    (home, rig)
}

#[test]
fn a_request_ends_at_its_deadline_though_nobody_drives_the_link() {
    let (home, Rig { link, peer: _peer, .. }) = undriven();
    paused().block_on(async {
        let began = Instant::now();
        let asked = timeout(seconds(60), link.request((1, 0), within(200 * MILLIS)));
        let late = asked.await.expect("it ends").unwrap_err();
        assert!(matches!(late, RequestError::TimedOut { phase: Phase::Queued, .. }), "{late:?}");
        let sent = timeout(seconds(60), link.send((0, 0), within(200 * MILLIS)));
        let late = sent.await.expect("it ends").unwrap_err();
        assert!(matches!(late, RequestError::TimedOut { phase: Phase::Queued, .. }), "{late:?}");
        assert!(began.elapsed() <= 402 * MILLIS, "{:?}", began.elapsed());
    });
    drop(home);
}

#[test]
fn a_request_that_moves_to_another_runtime_takes_its_deadline_along() {
    let (home, Rig { link, mut peer, .. }) = undriven();
    let mut asked = Box::pin(link.request((1, 0), within(seconds(5))));
    home.block_on(async {
        tokio::select! {
            biased;
            _ = &mut asked => panic!("nobody answers"),
            key = peer.next() => assert_eq!(key, Some(1)),
        }
    });
    paused().block_on(async {
        let late = timeout(seconds(60), asked).await.expect("it ends").unwrap_err();
        assert!(matches!(late, RequestError::TimedOut { phase: Phase::Sent, .. }), "{late:?}");
        assert_eq!(link.in_flight(), 1, "the peer has it");
    });
}

/// The pump was held up: the answer that frees a place comes together with the end of the time to send.
#[test]
fn a_place_that_comes_free_too_late_is_not_used() {
    let config = SessionConfig::default().with_max_in_flight(std::num::NonZeroUsize::MIN);
    paused().block_on(async {
        let Rig { link, mut peer, .. } = rig(1 << 20, false, &config).await;
        let first = ask(&link, 1, seconds(60));
        peer.next().await;
        let queued = link.clone();
        let second = tokio::spawn(async move {
            queued.request_sent_by((2, 0), within(seconds(1)), within(seconds(60))).await
        });
        settle().await;
        peer.answer(1).await;
        tokio::time::advance(seconds(1)).await;
        first.await.expect("it ran").expect("an answer");
        let late = second.await.expect("it ran").unwrap_err();
        assert!(matches!(late, RequestError::TimedOut { phase: Phase::Queued, .. }), "{late:?}");
    });
}

#[test]
fn a_close_ends_though_nobody_drives_the_link() {
    let (home, Rig { link, peer: _peer, .. }) = undriven();
    let bystander = link.clone();
    paused().block_on(async {
        let began = Instant::now();
        let asked = tokio::spawn(async move { bystander.request((1, 0), within(seconds(60))).await });
        settle().await;
        timeout(seconds(60), link.close()).await.expect("it ends");
        assert!(began.elapsed() <= seconds(6) + CLOSE_GRACE + 2 * MILLIS, "{:?}", began.elapsed());
        let lost = asked.await.expect("it ran").unwrap_err();
        assert!(matches!(lost, RequestError::LinkLost { phase: Phase::Queued, .. }), "{lost:?}");
    });
    // Once driven again, the pump finds that the link has ended, and releases the socket.
    home.block_on(async {
        assert!(matches!(*timeout(seconds(60), link.closed()).await.expect("released"), LinkEnd::ClosedHere));
    });
}

#[tokio::test(start_paused = true)]
async fn callers_that_end_together_go_on_in_the_order_in_which_they_asked() {
    let config =
        SessionConfig::default().with_max_in_flight(std::num::NonZeroUsize::new(40).expect("not zero"));
    for ends in ["deadline", "link"] {
        let Rig { link, peer, .. } = rig(1 << 20, false, &config).await;
        let (told, mut order) = tokio::sync::mpsc::channel(100);
        for key in 1..=60 {
            let (link, told, deadline) = (link.clone(), told.clone(), within(seconds(1)));
            tokio::spawn(async move {
                link.request((key, 0), deadline).await.expect_err("nobody answers");
                told.try_send(key).expect("room");
            });
        }
        settle().await;
        // Keeps the peer, or loses it.
        let _kept = (ends == "deadline").then_some(peer);
        let order: Vec<u64> = {
            let mut keys = Vec::new();
            while keys.len() < 60 {
                keys.push(order.recv().await.expect("all are told"));
            }
            keys
        };
        assert!(order.is_sorted(), "{ends}: {order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn endless_times_are_for_ever() {
    use std::time::Duration;
    let mut config = SessionConfig::default()
        .with_connect_timeout(Duration::MAX)
        .with_ping(Duration::MAX, Duration::MAX)
        .with_silence_bound(Some(Duration::MAX))
        .with_degraded_after(Some(Duration::MAX))
        .with_stuck_timeout(Some(Duration::MAX));
    config = config.with_drain_timeout(Duration::MAX).with_close_timeout(Duration::MAX);
    config.check().expect("it can work");
    let Rig { link, mut peer, .. } = rig(1 << 20, true, &config).await;
    let asked = ask(&link, 1, seconds(1_000_000));
    assert_eq!(peer.next().await, Some(1));
    peer.answer(1).await;
    assert!(asked.await.expect("it ran").is_ok());
    let closing = tokio::spawn(async move { link.close().await });
    assert_eq!(peer.next().await, None);
    drop(peer);
    closing.await.expect("it ran");
}
