//! Wall-clock times as they are kept: milliseconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ham_persistent::WallClock;
use holochain_zome_types::prelude::Timestamp;

/// Now.
pub(super) fn now(clock: &dyn WallClock) -> i64 {
    millis(clock.now())
}

pub(super) fn millis(time: SystemTime) -> i64 {
    span(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A span, in milliseconds.
pub(super) fn span(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How long it is from `now` to `then`; zero if that is over.
pub(super) fn until(then: i64, now: i64) -> Duration {
    Duration::from_millis(u64::try_from(then.saturating_sub(now)).unwrap_or_default())
}

/// From a conductor's timestamp, rounded up.
pub(super) fn of_timestamp(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000).saturating_add(1)
}
