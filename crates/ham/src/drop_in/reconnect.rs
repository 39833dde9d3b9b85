//! The reconnect loop of services that own a [`Ham`]: a thin wrapper over the persistent connection's engine.

use std::future::Future;
use std::time::Duration;

use ham_persistent::{Exponential, Jitter};

use super::client::Ham;
use super::errors::is_signing_refusal;
use super::shutdown::ShutdownRx;
use crate::events;

/// Default of [`BackoffConfig::initial_ms`], in milliseconds.
pub const DEFAULT_INITIAL_MS: u64 = 1_000;
/// Default of [`BackoffConfig::max_ms`], in milliseconds.
pub const DEFAULT_MAX_MS: u64 = 30_000;
/// Default of [`BackoffConfig::escalate_after`].
pub const DEFAULT_ESCALATE_AFTER: u32 = 5;

/// The pauses of [`connect_with_backoff`]. The fields are plain because users build it field by field.
///
/// # Defaults
/// [`DEFAULT_INITIAL_MS`], [`DEFAULT_MAX_MS`], [`DEFAULT_ESCALATE_AFTER`].
#[derive(Clone, Debug)]
pub struct BackoffConfig {
    /// The pause after the first failed attempt, in milliseconds.
    pub initial_ms: u64,
    /// The longest pause, in milliseconds.
    pub max_ms: u64,
    /// Failed attempts in a row after which further ones are logged at error.
    pub escalate_after: u32,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            initial_ms: DEFAULT_INITIAL_MS,
            max_ms: DEFAULT_MAX_MS,
            escalate_after: DEFAULT_ESCALATE_AFTER,
        }
    }
}

impl BackoffConfig {
    fn exponential(&self) -> Exponential {
        Exponential::new(Duration::from_millis(self.initial_ms), Duration::from_millis(self.max_ms))
    }
}

/// The most that jitter adds to a pause.
const JITTER: Jitter = Jitter::percent(10);

/// The pause after the failed attempt number `attempt`, counted from 0, in milliseconds: doubling from `initial_ms` to
/// `max_ms`, plus up to 10 % jitter.
pub fn compute_delay_ms(attempt: u32, cfg: &BackoffConfig) -> u64 {
    let delay = cfg.exponential().nth_delay(attempt.saturating_add(1));
    let jittered = JITTER.apply(delay, rand::random_range(0.0..1.0));
    u64::try_from(jittered.as_millis()).unwrap_or(u64::MAX)
}

/// Makes a [`Ham`], however long it takes. The factory runs again for every attempt, so tokens, ports and files are read again.
/// Resolves to `None` only on shutdown, and at once even in the middle of an attempt.
///
/// A refusal by the signing policy is logged as [`CONNECT_REFUSED`](events::CONNECT_REFUSED) at error from the first attempt on,
/// because no retry helps; the loop goes on all the same, because `None` means shutdown. Resolve the policy before the loop, and no
/// refusal gets here.
///
/// A dropped shutdown sender means that no shutdown will ever be requested: the loop goes on.
///
/// # Cancel safety
/// Cancel-safe.
pub async fn connect_with_backoff<F, Fut>(
    factory: F,
    cfg: &BackoffConfig,
    shutdown: &mut ShutdownRx,
) -> Option<Ham>
where
    F: Fn() -> Fut,
    Fut: Future<Output = anyhow::Result<Ham>>,
{
    let attempts = ham_persistent::retry(factory, |attempt, error: &anyhow::Error| {
        let failed = attempt.saturating_sub(1);
        let delay_ms = compute_delay_ms(failed, cfg);
        let told = format!("{error:#}");
        if is_signing_refusal(error) {
            tracing::error!(event = events::CONNECT_REFUSED, attempt = failed, delay_ms, error = told);
        } else if failed >= cfg.escalate_after {
            tracing::error!(event = events::RECONNECT_ATTEMPT, attempt = failed, delay_ms, error = told);
        } else {
            tracing::warn!(event = events::RECONNECT_ATTEMPT, attempt = failed, delay_ms, error = told);
        }
        Duration::from_millis(delay_ms)
    });
    let requested = async {
        // Checked first: a shutdown that was already seen does not count as a change.
        if shutdown.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        // A shutdown that was already requested wins over an attempt that would succeed at once.
        biased;
        () = requested => None,
        (ham, attempts) = attempts => {
            if attempts > 1 {
                tracing::info!(event = events::RECONNECTED, attempts = attempts - 1);
            }
            Some(ham)
        }
    }
}

#[cfg(test)]
mod tests;
