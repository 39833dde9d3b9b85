//! Clocks that disagree: the time of day on the conductor and in the processes.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ham_persistent::WallClock;
use tokio::time::Instant;

/// When every life begins, in seconds of Unix time: 2026-01-01.
const EPOCH: u64 = 1_767_225_600;

/// A time of day that runs with tokio's clock but is off by a given amount.
pub(crate) struct Clock {
    began: Instant,
    off_millis: AtomicI64,
    drift_ppm: i64,
}

impl Clock {
    /// A clock of a life that begins now.
    pub(crate) fn new(off_millis: i64, drift_ppm: i64) -> Self {
        Self { began: Instant::now(), off_millis: AtomicI64::new(off_millis), drift_ppm }
    }

    /// Sets the clock forward, or back.
    pub(crate) fn jump(&self, millis: i64) {
        self.off_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Sets the clock right.
    pub(crate) fn correct(&self) {
        self.off_millis.store(0, Ordering::Relaxed);
    }

    /// Microseconds since the Unix epoch.
    pub(crate) fn micros(&self) -> i64 {
        let elapsed = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        let drift = elapsed / 1_000_000 * self.drift_ppm;
        let epoch = i64::try_from(EPOCH).unwrap_or(0) * 1_000_000;
        epoch + elapsed + drift + self.off_millis.load(Ordering::Relaxed) * 1_000
    }
}

impl WallClock for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(u64::try_from(self.micros()).unwrap_or(0))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("off_millis", &self.off_millis).finish_non_exhaustive()
    }
}
