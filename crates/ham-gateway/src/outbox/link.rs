//! Waiting for a connection's link.

use std::time::Duration;

use ham::{ConnectError, PersistentHam};
use tokio::time::{Instant, sleep_until};

/// Resolves when there is a link; waiters continue in the order in which they came.
pub(super) async fn is_up(ham: &PersistentHam) {
    while let Err(error) = ham.connected(AN_HOUR).await {
        if !matches!(error, ConnectError::TimedOut { .. }) {
            // It is closed for good, and so will the outbox be.
            return std::future::pending().await;
        }
    }
}

/// Resolves when there is a link, after a pause. If there is no link at first, the pause ends when there is one.
pub(super) async fn is_up_after(pause: Duration, ham: &PersistentHam) {
    if !pause.is_zero() {
        let over = sleep_until(Instant::now() + pause);
        if ham.state().get().is_live() {
            over.await;
        } else {
            tokio::select! {
                biased;
                () = is_up(ham) => return,
                () = over => {}
            }
        }
    }
    is_up(ham).await;
}

/// After this it asks again.
const AN_HOUR: Duration = Duration::from_secs(60 * 60);
