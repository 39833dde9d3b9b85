//! What became of a grant that was asked for, as far as its request tells.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ham_session::Delivery;

use crate::admin::GRANT;
use crate::error::AdminError;

/// How long a grant whose answer was lost may still be written: the conductor runs `init` before it, and waits for another
/// one's for 30 s. It is looked for until then, and not asked for again before.
const GRANT_SETTLES: Duration = Duration::from_secs(30);

/// What is known of a request that failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The conductor never had it.
    NotSent,
    /// It is over: the chain tells what it did.
    Over,
    /// It may still be carried out.
    Unknown,
}

/// Of the steps before the request itself (the dial, the release), any error means that it was not sent.
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

/// What is left of [`GRANT_SETTLES`] after so long.
pub(super) fn left(waited: Duration) -> Option<Duration> {
    GRANT_SETTLES.checked_sub(waited).filter(|left| !left.is_zero())
}

/// The same where another process asked, or an earlier one: what is left of [`GRANT_SETTLES`] at `now`, both in microseconds since 1970. A clock that was set back by more than that
/// tells nothing.
pub(super) fn unsettled(asked: u64, now: u64) -> Option<Duration> {
    if Duration::from_micros(asked.abs_diff(now)) >= GRANT_SETTLES {
        return None;
    }
    Some(GRANT_SETTLES - Duration::from_micros(now.saturating_sub(asked)))
}

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

    #[test]
    fn a_grant_settles_whatever_the_clock_does() {
        let (second, settles) = (1_000_000, 30_000_000);
        assert_eq!(unsettled(second, second), Some(GRANT_SETTLES));
        assert_eq!(unsettled(second, 11 * second), Some(Duration::from_secs(20)));
        assert_eq!(unsettled(0, settles), None);
        assert_eq!(unsettled(settles - 1, 0), Some(GRANT_SETTLES));
        assert_eq!(unsettled(settles, 0), None);
    }
}
