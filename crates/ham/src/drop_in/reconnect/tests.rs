use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::watch;

use super::*;

fn config() -> BackoffConfig {
    BackoffConfig { initial_ms: 1_000, max_ms: 30_000, escalate_after: 5 }
}

async fn failing() -> anyhow::Result<Ham> {
    anyhow::bail!("no conductor")
}

#[test]
fn defaults_are_the_documented_constants() {
    let BackoffConfig { initial_ms, max_ms, escalate_after } = BackoffConfig::default();
    assert_eq!(
        (initial_ms, max_ms, escalate_after),
        (DEFAULT_INITIAL_MS, DEFAULT_MAX_MS, DEFAULT_ESCALATE_AFTER)
    );
}

#[test]
fn delays_double_to_their_bound_with_a_tenth_of_jitter_on_top() {
    for (attempt, floor) in
        [(0, 1_000), (1, 2_000), (4, 16_000), (5, 30_000), (20, 30_000), (u32::MAX, 30_000)]
    {
        for _ in 0..50 {
            let delay = compute_delay_ms(attempt, &config());
            assert!((floor..=floor + floor / 10).contains(&delay), "attempt {attempt}: {delay}");
        }
    }
}

#[test]
fn absurd_configurations_do_not_overflow() {
    for cfg in [
        BackoffConfig { initial_ms: u64::MAX, max_ms: u64::MAX, escalate_after: 0 },
        BackoffConfig { initial_ms: 0, max_ms: 0, escalate_after: 0 },
        BackoffConfig { initial_ms: 10, max_ms: 1, escalate_after: 0 },
    ] {
        let _ = compute_delay_ms(u32::MAX, &cfg);
    }
    assert_eq!(compute_delay_ms(3, &BackoffConfig { initial_ms: 0, max_ms: 0, escalate_after: 0 }), 0);
}

#[tokio::test(start_paused = true)]
async fn the_factory_is_run_anew_until_shutdown_and_never_given_up() {
    let (stop, mut shutdown) = watch::channel(false);
    let attempts = AtomicU32::new(0);
    let factory = || {
        if attempts.fetch_add(1, Ordering::Relaxed) == 40 {
            stop.send_replace(true);
        }
        failing()
    };
    assert!(connect_with_backoff(factory, &config(), &mut shutdown).await.is_none());
    assert_eq!(attempts.load(Ordering::Relaxed), 41);
}

#[tokio::test(start_paused = true)]
async fn shutdown_interrupts_a_hanging_attempt() {
    let (stop, mut shutdown) = watch::channel(false);
    let config = config();
    let looping = connect_with_backoff(std::future::pending::<anyhow::Result<Ham>>, &config, &mut shutdown);
    let (none, ()) = tokio::join!(looping, async { stop.send_modify(|stop| *stop = true) });
    assert!(none.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_seen_before_wins_over_any_attempt() {
    let (_stop, mut shutdown) = watch::channel(true);
    shutdown.mark_unchanged();
    let factory = || async { unreachable!("no attempt after shutdown") };
    assert!(connect_with_backoff(factory, &config(), &mut shutdown).await.is_none());
}

/// Consumers build a receiver and drop its sender to say "never".
#[tokio::test(start_paused = true)]
async fn a_dropped_sender_means_that_no_shutdown_comes() {
    let (stop, mut shutdown) = watch::channel(false);
    drop(stop);
    let attempts = AtomicU32::new(0);
    let factory = || {
        attempts.fetch_add(1, Ordering::Relaxed);
        failing()
    };
    let config = config();
    let looping = connect_with_backoff(factory, &config, &mut shutdown);
    assert!(tokio::time::timeout(Duration::from_secs(600), looping).await.is_err());
    assert!(attempts.load(Ordering::Relaxed) > 15);
}
