//! How a persistent connection behaves: the permanent-error policy, log escalation, bounds.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::delay::RetryDelay;

/// How one persistent connection behaves.
///
/// # Defaults
/// - `retry`: [`RetryDelay::Fixed`] with [`DEFAULT_RETRY_DELAY`](crate::DEFAULT_RETRY_DELAY) ±
///   [`DEFAULT_JITTER`](crate::DEFAULT_JITTER), from attempt start to attempt start.
/// - `min_pause`: [`DEFAULT_MIN_PAUSE`].
/// - `on_permanent`: [`PermanentPolicy::KeepTryingAtCap`], because someone may fix the cause in the meantime.
/// - `escalate_after`: [`DEFAULT_ESCALATE_AFTER`].
/// - `event_capacity`: [`DEFAULT_EVENT_CAPACITY`].
/// - `losses_told_by_owner`: false.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// How long to wait between attempts.
    pub retry: RetryDelay,
    /// The least time from the start of one attempt to the start of the next, whatever `retry` says and whoever asks for a redial.
    /// Values below [`LEAST_MIN_PAUSE`] count as that.
    pub min_pause: Duration,
    /// What a permanent failure does.
    pub on_permanent: PermanentPolicy,
    /// The failed attempt, counted from 1 in each outage, from which failures are logged at error instead of warn.
    pub escalate_after: u32,
    /// How many events a subscriber of the bus may be behind before it is told that it missed some; values above
    /// [`MOST_EVENT_CAPACITY`] count as that.
    pub event_capacity: NonZeroUsize,
    /// Whether the owner logs losses and returns of the link in its own words, from [`Event`](crate::Event)s. If so, they are logged
    /// here at debug. Failed attempts and the first link are logged as usual.
    pub losses_told_by_owner: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            retry: RetryDelay::default(),
            min_pause: DEFAULT_MIN_PAUSE,
            on_permanent: PermanentPolicy::KeepTryingAtCap,
            escalate_after: DEFAULT_ESCALATE_AFTER,
            event_capacity: DEFAULT_EVENT_CAPACITY,
            losses_told_by_owner: false,
        }
    }
}

impl Config {
    /// How long to wait between attempts.
    #[must_use]
    pub fn with_retry(mut self, retry: impl Into<RetryDelay>) -> Self {
        self.retry = retry.into();
        self
    }

    /// The least time from the start of one attempt to the start of the next.
    #[must_use]
    pub fn with_min_pause(mut self, min_pause: Duration) -> Self {
        self.min_pause = min_pause;
        self
    }

    /// What a permanent failure does.
    #[must_use]
    pub fn with_on_permanent(mut self, policy: PermanentPolicy) -> Self {
        self.on_permanent = policy;
        self
    }

    /// The failed attempt from which failures are logged at error.
    #[must_use]
    pub fn with_escalate_after(mut self, failures: u32) -> Self {
        self.escalate_after = failures;
        self
    }

    /// Whether the owner logs losses and returns of the link in its own words.
    #[must_use]
    pub fn with_losses_told_by_owner(mut self, told: bool) -> Self {
        self.losses_told_by_owner = told;
        self
    }

    /// How many events a subscriber of the bus may be behind, at most [`MOST_EVENT_CAPACITY`].
    #[must_use]
    pub fn with_event_capacity(mut self, capacity: NonZeroUsize) -> Self {
        self.event_capacity = capacity;
        self
    }
}

/// What to do on a failure that the connector calls [permanent](crate::Permanence::Permanent).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermanentPolicy {
    /// Dial again after the longest delay: go straight to [`Exponential::max`](crate::Exponential::max), or to the only delay of
    /// [`Fixed`](crate::Fixed).
    KeepTryingAtCap,
    /// Close, with the failure as the cause.
    Stop,
}

/// Default of [`Config::min_pause`]: at most ten attempts a second.
pub const DEFAULT_MIN_PAUSE: Duration = Duration::from_millis(100);
/// The floor of [`Config::min_pause`]: without one, a refusal that takes no time would occupy a whole processor.
pub const LEAST_MIN_PAUSE: Duration = Duration::from_millis(1);
/// Default of [`Config::escalate_after`].
pub const DEFAULT_ESCALATE_AFTER: u32 = 5;
/// Default of [`Config::event_capacity`]: de-duplicated events of many outages.
pub const DEFAULT_EVENT_CAPACITY: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not zero");
/// The ceiling of [`Config::event_capacity`]: the bus allocates room for that many at its start.
pub const MOST_EVENT_CAPACITY: NonZeroUsize = NonZeroUsize::new(1 << 16).expect("65,536 is not zero");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::{DEFAULT_JITTER, Jitter, ResetRule};
    use crate::delay::{DEFAULT_RETRY_DELAY, Delay, Fixed};

    #[test]
    fn defaults_are_the_documented_constants() {
        let config = Config::default();
        assert_eq!(DEFAULT_RETRY_DELAY, Duration::from_secs(10));
        assert_eq!(DEFAULT_JITTER, Jitter::percent(30));
        assert_eq!(DEFAULT_MIN_PAUSE, Duration::from_millis(100));
        assert_eq!(
            config,
            Config {
                retry: RetryDelay::Fixed(Fixed {
                    delay: Delay::Constant(DEFAULT_RETRY_DELAY),
                    jitter: DEFAULT_JITTER,
                    reset: ResetRule::AfterStable(crate::DEFAULT_STABLE_AFTER),
                }),
                min_pause: DEFAULT_MIN_PAUSE,
                on_permanent: PermanentPolicy::KeepTryingAtCap,
                escalate_after: DEFAULT_ESCALATE_AFTER,
                event_capacity: DEFAULT_EVENT_CAPACITY,
                losses_told_by_owner: false,
            }
        );
    }
}
