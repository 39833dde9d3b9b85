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

    /// How long an answer is held back.
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_micros(self.delay_micros.load(Ordering::Relaxed))
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        self.delay_micros.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
