//! Attempts without a task: for owners whose factory cannot move into one.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// Runs `attempt` until it succeeds; returns its value and the number of attempts. After each failure `pause` is told
/// the attempt's number, from 1, and the error, and says how long to wait.
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
            Err(error) => tokio::time::sleep_until(Instant::now() + pause(attempts, &error)).await,
        }
    }
}
