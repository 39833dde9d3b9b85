//! What became of a requested grant, as far as its request tells.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ham_session::Delivery;

use crate::admin::GRANT;
use crate::error::AdminError;

/// How long a grant whose answer was lost may still be written: the conductor runs `init` before it, and waits up to 30 s for the
/// `init` of another call. Until then ham looks for the grant, and does not request it again.
const GRANT_SETTLES: Duration = Duration::from_secs(30);

/// What is known of a request that failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The conductor never received it.
    NotSent,
    /// It is over: the chain tells what it did.
    Over,
    /// It may still be carried out.
    Unknown,
}

/// For the steps before the request itself (the dial, the release), any error means that it was not sent.
pub(super) fn fate(error: &AdminError) -> Fate {
    match error {
        AdminError::Answer { request: GRANT, .. } => Fate::Over,
        AdminError::Lost { request: GRANT, source, .. } => match source.delivery() {
            Delivery::NotSent => Fate::NotSent,
            Delivery::Answered => Fate::Over,
            Delivery::Unknown => Fate::Unknown,
        },
        _ => Fate::NotSent,
    }
}

/// In microseconds since 1970.
pub(super) fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// What is left of [`GRANT_SETTLES`] after waiting this long.
pub(super) fn left(waited: Duration) -> Option<Duration> {
    GRANT_SETTLES.checked_sub(waited).filter(|left| !left.is_zero())
}

/// Whether another process, or an earlier one, asked so long ago that no clock that was set or is wrong explains it; both in microseconds since 1970.
pub(super) fn is_long_ago(asked: u64, now: u64) -> bool {
    Duration::from_micros(asked.abs_diff(now)) >= CLOCKS_DIFFER
}

/// A larger difference between clocks is not allowed for.
const CLOCKS_DIFFER: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ham_session::{DialError, Phase, RequestError};

    use super::*;
    use crate::wire::BadAnswer;

    #[test]
    fn what_was_not_asked_for_wrote_nothing() {
        let lost = |request, phase| AdminError::Lost {
            request,
            reconcile: "",
            source: RequestError::TimedOut { phase, after: Duration::ZERO },
        };
        let dial = AdminError::Dial {
            url: String::new(),
            source: Arc::new(DialError::InvalidUrl { reason: String::new() }),
        };
        let answer = |request| AdminError::Answer { request, source: BadAnswer::Empty };
        for (error, right) in [
            (dial, Fate::NotSent),
            (lost("agent_info", Phase::Sent), Fate::NotSent),
            (answer("agent_info"), Fate::NotSent),
            (lost(GRANT, Phase::Queued), Fate::NotSent),
            (lost(GRANT, Phase::Sent), Fate::Unknown),
            (answer(GRANT), Fate::Over),
        ] {
            assert_eq!(fate(&error), right, "{error:?}");
        }
    }

    /// Case from the simulation: a clock 77 s ahead of that of the process that had crashed.
    #[test]
    fn an_hour_is_long_ago_and_a_wrong_clock_is_not() {
        let second = 1_000_000;
        for (asked, now) in [(0, 0), (0, 77 * second), (77 * second, 0), (0, 599 * second)] {
            assert!(!is_long_ago(asked, now), "{asked} {now}");
        }
        assert!(is_long_ago(0, 600 * second) && is_long_ago(600 * second, 0));
    }
}
