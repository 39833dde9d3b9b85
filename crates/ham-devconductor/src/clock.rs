//! The clock of a conductor, which a test may stop.

use std::sync::{Arc, Mutex, PoisonError};

use holochain_types::prelude::Timestamp;

/// What `sys_time`, expiries of calls and tokens, and schedules are told by. A copy is the same clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<Option<Timestamp>>>);

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Timestamp::now)
    }

    /// Stops it at this time; `None` lets it run.
    pub(crate) fn freeze(&self, at: Option<Timestamp>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}
