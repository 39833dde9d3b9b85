//! The clock of a conductor, which a test may stop or put forward.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holochain_types::prelude::Timestamp;

/// What `sys_time`, expiries of calls and tokens, and schedules are told by. A copy is the same clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<Hands>>);

#[derive(Debug, Default)]
struct Hands {
    stopped: Option<Timestamp>,
    /// How far it is ahead of the system's.
    ahead: Duration,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let hands = self.hands();
        hands.stopped.unwrap_or_else(|| Timestamp::now().saturating_add(&hands.ahead))
    }

    /// Stops it at this time; `None` lets it run.
    pub(crate) fn freeze(&self, at: Option<Timestamp>) {
        self.hands().stopped = at;
    }

    /// Puts it forward; answers how far it is ahead.
    pub(crate) fn advance(&self, by: Duration) -> Duration {
        let mut hands = self.hands();
        match &mut hands.stopped {
            Some(stopped) => *stopped = stopped.saturating_add(&by),
            None => hands.ahead = hands.ahead.saturating_add(by),
        }
        hands.ahead
    }

    /// Lets it run with the system's.
    pub(crate) fn reset(&self) {
        *self.hands() = Hands::default();
    }

    /// A time that somebody told by the system's clock, by this one.
    pub(crate) fn of_system(&self, time: Timestamp) -> Timestamp {
        time.saturating_add(&self.hands().ahead)
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
