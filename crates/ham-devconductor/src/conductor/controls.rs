//! What a test may do to a running conductor.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use holochain_types::prelude::Timestamp;

#[derive(Debug, Default)]
pub(crate) struct Controls {
    frozen: Mutex<Option<Timestamp>>,
    drops_signals: AtomicBool,
    delay_micros: AtomicU64,
}

impl Controls {
    pub(crate) fn now(&self) -> Timestamp {
        self.frozen.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Timestamp::now)
    }

    pub(crate) fn freeze(&self, at: Option<Timestamp>) {
        *self.frozen.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(crate) fn drops_signals(&self) -> bool {
        self.drops_signals.load(Ordering::Relaxed)
    }

    pub(crate) fn drop_signals(&self, drops: bool) {
        self.drops_signals.store(drops, Ordering::Relaxed);
    }

    /// Waits for as long as answers are to be held back.
    #[expect(clippy::disallowed_methods, reason = "a test asked for answers that are late")]
    pub(super) async fn hold_back(&self) {
        let delay = Duration::from_micros(self.delay_micros.load(Ordering::Relaxed));
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        self.delay_micros.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
