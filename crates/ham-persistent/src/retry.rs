//! Attempts without a task: for owners whose factory cannot move into one.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::later;

/// Runs `attempt` until it succeeds; returns its value and the number of attempts. After each failure, `pause` gets the attempt's
/// number, counted from 1, and the error, and returns how long to wait.
///
/// # Cancel safety
/// Cancel-safe: race it with a shutdown.
pub async fn retry<T, E, Fut>(
    attempt: impl Fn() -> Fut,
    mut pause: impl FnMut(u32, &E) -> Duration,
) -> (T, u32)
where
    Fut: Future<Output = Result<T, E>>,
{
    let mut attempts = 0_u32;
    loop {
        attempts = attempts.saturating_add(1);
        match attempt().await {
            Ok(value) => return (value, attempts),
            Err(error) => tokio::time::sleep_until(later(Instant::now(), pause(attempts, &error))).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_follow_the_failures_and_the_first_success_ends_it() {
        let began = Instant::now();
        let left = Cell::new(3_u32);
        let attempt = || {
            let failed = left.get() > 0;
            left.set(left.get().saturating_sub(1));
            async move { if failed { Err("down") } else { Ok("up") } }
        };
        let mut told = Vec::new();
        let pause = |attempt, error: &&'static str| {
            told.push((attempt, *error));
            Duration::from_secs(u64::from(attempt))
        };
        assert_eq!(retry(attempt, pause).await, ("up", 4));
        assert_eq!(told, [(1, "down"), (2, "down"), (3, "down")]);
        assert_eq!(began.elapsed(), Duration::from_secs(1 + 2 + 3));
    }

    /// It panicked: the owner chooses the pause.
    #[tokio::test(start_paused = true)]
    async fn a_pause_without_end_is_one() {
        let endless = retry(|| async { Err::<(), _>("down") }, |_, _| Duration::MAX);
        let waited = tokio::time::timeout(Duration::from_secs(1_000_000), endless).await;
        assert!(waited.is_err());
    }
}
