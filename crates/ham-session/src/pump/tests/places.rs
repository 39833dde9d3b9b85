//! A place with the peer is taken until the answer, or the link's end.

use std::num::NonZeroUsize;
use std::time::Duration;

use ham_persistent::Connection;
use tokio::time::Instant;

use super::rig::{PROBE, Peer, Rig, ask, rig, seconds, settle, within};
use crate::config::SessionConfig;
use crate::error::{LinkEnd, Phase, RequestError};
use crate::inbox::Incoming;
use crate::liveness::Health;

fn window(places: usize) -> SessionConfig {
    SessionConfig::default().with_max_in_flight(NonZeroUsize::new(places).expect("not zero"))
}

#[tokio::test(start_paused = true)]
async fn requests_that_time_out_or_are_dropped_do_not_pile_up_with_the_peer() {
    let Rig { link, mut peer, mut inbox } = rig(1 << 20, false, &window(4)).await;
    let mut with_the_peer = Vec::new();
    for round in 0..5 {
        let asked: Vec<_> = (1..=4).map(|n| ask(&link, 10 * round + n, seconds(1))).collect();
        settle().await;
        if round == 0 {
            asked[3].abort();
        }
        let mut told = Vec::new();
        for (n, asked) in asked.into_iter().enumerate() {
            if round > 0 || n < 3 {
                told.push(asked.await.expect("it ran").unwrap_err());
            }
        }
        let phase = if round == 0 { Phase::Sent } else { Phase::Queued };
        assert!(
            told.iter().all(|late| matches!(late, RequestError::TimedOut { phase: p, .. } if *p == phase)),
            "{told:?}"
        );
        assert_eq!(link.in_flight(), 4);
        while let Ok(Some(key)) = tokio::time::timeout(seconds(0), peer.next()).await {
            with_the_peer.push(key);
        }
    }
    assert_eq!(with_the_peer, [1, 2, 3, 4]);
    peer.answer(2).await;
    assert!(matches!(inbox.recv().await, Some(Incoming::Orphan { key: 2, .. })), "late answers are told");
    assert_eq!(link.in_flight(), 3);
    let asked = ask(&link, 99, seconds(1));
    assert_eq!(peer.next().await, Some(99));
    peer.answer(99).await;
    assert!(asked.await.expect("it ran").is_ok());
}

/// A peer that stops reading, pings included, while it has `most` requests in process; it answers each after `work`.
async fn busy(mut peer: Peer, most: usize, work: impl Fn(u64) -> Duration) -> usize {
    let mut in_process: Vec<(Instant, u64)> = Vec::new();
    let mut peak = 0;
    loop {
        peak = peak.max(in_process.len());
        let next = in_process.iter().map(|(done, _)| *done).min();
        tokio::select! {
            biased;
            () = async { tokio::time::sleep_until(next.unwrap_or_else(Instant::now)).await }, if next.is_some() => {
                let now = Instant::now();
                for (_, key) in in_process.extract_if(.., |(done, _)| *done <= now) {
                    peer.answer(key).await;
                }
            }
            key = peer.next(), if in_process.len() < most => match key {
                Some(key) => in_process.push((within(work(key)), key)),
                None => return peak,
            },
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_call_beside_many_that_time_out_is_answered_and_the_link_is_not_lost() {
    let Rig { link, peer, inbox: _inbox } = rig(1 << 20, false, &window(4)).await;
    // All of it queues behind the long one, as calls to one cell do.
    let peer = tokio::spawn(busy(peer, 5, |_| seconds(50)));
    let began = Instant::now();
    let long = ask(&link, 1, seconds(90));
    settle().await;
    for key in 2..=181 {
        let late = ask(&link, key, seconds(1)).await.expect("it ran");
        if began.elapsed() < seconds(50) {
            assert!(matches!(late, Err(RequestError::TimedOut { .. })), "{late:?}");
        }
    }
    assert!(long.await.expect("it ran").is_ok());
    assert!(link.end().is_none(), "{:?}", link.end());
    drop(link);
    assert_eq!(peer.await.expect("it ran"), 4, "so it never stopped reading");
}

#[tokio::test(start_paused = true)]
async fn a_link_without_a_place_says_so_and_ends() {
    let Rig { link, mut peer, .. } = rig(1 << 20, false, &window(2)).await;
    let began = Instant::now();
    let health = link.health();
    let peer = tokio::spawn(async move { while peer.next().await.is_some() {} });
    let asked = [1, 2].map(|key| ask(&link, key, seconds(1)));
    for asked in asked {
        asked.await.expect("it ran").unwrap_err();
    }
    let degraded = async {
        let mut health = health.clone();
        health.wait_for(|health| *health != Health::Healthy).await.map(|health| *health)
    };
    let Ok(Health::Degraded { since }) = degraded.await else { panic!("degraded") };
    assert!(since - began <= seconds(2), "the places were lost at the deadlines");
    assert!(began.elapsed() <= seconds(32), "{:?}", began.elapsed());
    let end = link.closed().await;
    assert!(matches!(*end, LinkEnd::Stuck { after } if after == seconds(300)), "{end:?}");
    assert!(began.elapsed() <= seconds(302), "{:?}", began.elapsed());
    peer.await.expect("it ran");
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_frees_a_link_that_had_no_place() {
    let Rig { link, mut peer, inbox: _inbox } = rig(1 << 20, false, &window(1)).await;
    let began = Instant::now();
    while began.elapsed() < seconds(1000) {
        let asked = ask(&link, 1, seconds(1));
        assert_eq!(peer.next().await, Some(1));
        asked.await.expect("it ran").unwrap_err();
        // Answers all pings for four minutes, then the request.
        let _ = tokio::time::timeout(seconds(240), peer.next()).await;
        peer.answer(1).await;
        settle().await;
    }
    assert_eq!((link.end().is_none(), *link.health().borrow()), (true, Health::Healthy));
}

#[tokio::test(start_paused = true)]
async fn one_probe_is_with_the_peer_at_a_time() {
    let Rig { link, mut peer, .. } = rig(1 << 20, true, &window(4)).await;
    let _asked = ask(&link, 1, seconds(3600));
    let mut probes = 0;
    while let Ok(Some(key)) = tokio::time::timeout(seconds(600), peer.next()).await {
        probes += usize::from(key == PROBE);
    }
    assert_eq!(probes, 1, "each would take one of the peer's places");
    assert!(matches!(*link.health().borrow(), Health::Degraded { .. }));
    assert!(link.end().is_none());
}
