//! How long answers are delayed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// In microseconds.
#[derive(Debug, Default)]
pub(super) struct Delay(AtomicU64);

impl Delay {
    pub(super) fn set(&self, delay: Duration) {
        self.0.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn is(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    /// Waits for the delay that is set now.
    #[expect(clippy::disallowed_methods, reason = "a test asked for answers that are late")]
    pub(super) async fn pass(&self) {
        let delay = self.is();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }
}
