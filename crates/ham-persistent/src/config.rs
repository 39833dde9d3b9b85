//! How a persistent connection behaves: delays, the permanent-error policy, log escalation, bounds.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::backoff::{DEFAULT_JITTER, Exponential, Jitter, ResetRule};

/// How one persistent connection behaves.
///
/// # Defaults
/// - `retry`: [`RetryDelay::Fixed`] with [`DEFAULT_RETRY_DELAY`] ± [`DEFAULT_JITTER`], from attempt start to attempt start.
/// - `min_pause`: [`DEFAULT_MIN_PAUSE`].
/// - `on_permanent`: [`PermanentPolicy::KeepTryingAtCap`], because somebody may repair the cause meanwhile.
/// - `escalate_after`: [`DEFAULT_ESCALATE_AFTER`].
/// - `event_capacity`: [`DEFAULT_EVENT_CAPACITY`].
/// - `losses_told_by_owner`: false.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// How long to wait between attempts.
    pub retry: RetryDelay,
    /// The least time from one attempt's start to the next one's, whatever `retry` says and whoever asks for a redial.
    /// Less than [`LEAST_MIN_PAUSE`] counts as that.
    pub min_pause: Duration,
    /// What a permanent failure does.
    pub on_permanent: PermanentPolicy,
    /// The failed attempt, counted from 1 in each outage, from which failures are logged at error instead of warn.
    pub escalate_after: u32,
    /// How many events a subscriber of the bus may be behind before it is told that it missed some.
    pub event_capacity: NonZeroUsize,
    /// Whether the owner logs losses and returns of the link in its own words, from [`Event`](crate::Event)s. Then they are
    /// logged here at debug. Failed attempts and the first link are logged as ever.
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

    /// The least time from one attempt's start to the next one's.
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

    /// How many events a subscriber of the bus may be behind.
    #[must_use]
    pub fn with_event_capacity(mut self, capacity: NonZeroUsize) -> Self {
        self.event_capacity = capacity;
        self
    }
}

/// How long to wait between attempts. In both kinds a link that did not last is one more failed attempt
/// ([`ResetRule`]), and the loss of one that did is followed by an attempt at once, as far as `Fixed` allows.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryDelay {
    /// From attempt start to attempt start: a link that lived longer than the delay is redialled at once.
    Fixed(Fixed),
    /// From the failed attempt's end, growing.
    Exponential(Exponential),
}

impl RetryDelay {
    pub(crate) fn reset(&self) -> ResetRule {
        match self {
            Self::Fixed(fixed) => fixed.reset,
            Self::Exponential(exponential) => exponential.reset,
        }
    }
}

impl Default for RetryDelay {
    fn default() -> Self {
        Self::Fixed(Fixed::default())
    }
}

impl From<Fixed> for RetryDelay {
    fn from(fixed: Fixed) -> Self {
        Self::Fixed(fixed)
    }
}

impl From<Exponential> for RetryDelay {
    fn from(exponential: Exponential) -> Self {
        Self::Exponential(exponential)
    }
}

/// A delay that does not grow, measured from the **start** of one attempt to the start of the next.
///
/// # Defaults
/// [`DEFAULT_RETRY_DELAY`] ± [`DEFAULT_JITTER`], [`ResetRule::default`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fixed {
    /// The delay before jitter.
    pub delay: Delay,
    /// How far a delay is moved at random.
    pub jitter: Jitter,
    /// Which link ends the trouble, so that attempts are counted from 1 again.
    pub reset: ResetRule,
}

impl Default for Fixed {
    fn default() -> Self {
        Self::every(DEFAULT_RETRY_DELAY)
    }
}

impl Fixed {
    /// The same delay after every attempt, with the default jitter.
    #[must_use]
    pub fn every(delay: Duration) -> Self {
        Self::new(Delay::Constant(delay))
    }

    fn new(delay: Delay) -> Self {
        Self { delay, jitter: DEFAULT_JITTER, reset: ResetRule::default() }
    }

    /// A delay asked for after each failed attempt, which is told how many have failed since the last link that lasted,
    /// that one included.
    #[must_use]
    pub fn per_attempt(delay: impl Fn(u32) -> Duration + Send + Sync + 'static) -> Self {
        Self::new(Delay::PerAttempt(Arc::new(delay)))
    }

    /// Moves each delay at random by at most `jitter`.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Which link ends the trouble.
    #[must_use]
    pub fn with_reset(mut self, reset: ResetRule) -> Self {
        self.reset = reset;
        self
    }
}

/// The delay of [`Fixed`].
#[derive(Clone)]
pub enum Delay {
    /// Always the same.
    Constant(Duration),
    /// Asked for after each attempt.
    PerAttempt(Arc<dyn Fn(u32) -> Duration + Send + Sync>),
}

impl Delay {
    /// The delay after so many failed attempts, from 1.
    #[must_use]
    pub fn after(&self, attempt: u32) -> Duration {
        match self {
            Self::Constant(delay) => *delay,
            Self::PerAttempt(delay) => delay(attempt),
        }
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(delay) => write!(f, "Constant({delay:?})"),
            Self::PerAttempt(_) => f.write_str("PerAttempt(…)"),
        }
    }
}

/// Two functions are equal when they are the same one.
impl PartialEq for Delay {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Constant(one), Self::Constant(other)) => one == other,
            (Self::PerAttempt(one), Self::PerAttempt(other)) => Arc::ptr_eq(one, other),
            (Self::Constant(_), Self::PerAttempt(_)) | (Self::PerAttempt(_), Self::Constant(_)) => false,
        }
    }
}

/// What a failure does that the connector calls [permanent](crate::Permanence::Permanent).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermanentPolicy {
    /// Dial again after the longest delay: at once [`Exponential::max`], or [`Fixed`]'s only delay.
    KeepTryingAtCap,
    /// Close, with the failure as the cause.
    Stop,
}

/// Default of [`Fixed::every`]'s delay.
pub const DEFAULT_RETRY_DELAY: Duration = Duration::from_secs(10);
/// Default of [`Config::min_pause`]: ten attempts a second at most.
pub const DEFAULT_MIN_PAUSE: Duration = Duration::from_millis(100);
/// The floor of [`Config::min_pause`]: without one, a refusal that needs no waiting would occupy a whole processor.
pub const LEAST_MIN_PAUSE: Duration = Duration::from_millis(1);
/// Default of [`Config::escalate_after`].
pub const DEFAULT_ESCALATE_AFTER: u32 = 5;
/// Default of [`Config::event_capacity`]: many outages' worth of de-duplicated events.
pub const DEFAULT_EVENT_CAPACITY: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not zero");

#[cfg(test)]
mod tests {
    use super::*;

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
