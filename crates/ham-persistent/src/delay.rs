//! How long to wait between attempts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::backoff::{DEFAULT_JITTER, Exponential, Jitter, ResetRule};

/// How long to wait between attempts. In both kinds, a link that did not last is one more failed attempt ([`ResetRule`]), and the
/// loss of one that did is followed by an attempt at once, as far as `Fixed` allows.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryDelay {
    /// From attempt start to attempt start: a link that lived longer than the delay is redialled at once.
    Fixed(Fixed),
    /// From the end of the failed attempt, growing.
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
    /// How far a delay is randomly shortened or lengthened.
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

    /// A function that returns the delay after each failed attempt, given how many have failed since the last link that lasted, that
    /// attempt included.
    #[must_use]
    pub fn per_attempt(delay: impl Fn(u32) -> Duration + Send + Sync + 'static) -> Self {
        Self::new(Delay::PerAttempt(Arc::new(delay)))
    }

    /// Shortens or lengthens each delay at random by at most `jitter`.
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
    /// The function is called after each failed attempt.
    PerAttempt(Arc<dyn Fn(u32) -> Duration + Send + Sync>),
}

impl Delay {
    /// The delay after this many failed attempts, counted from 1.
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

/// Default of [`Fixed::every`]'s delay.
pub const DEFAULT_RETRY_DELAY: Duration = Duration::from_secs(10);
