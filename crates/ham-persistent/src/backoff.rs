//! How long a delay is: pure arithmetic, no clock and no task.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A delay that grows by a factor from one failed attempt to the next, up to a cap.
///
/// It is measured from the **end** of the failed attempt. The cap is applied before the jitter, so that many clients
/// waiting at the cap stay spread: the longest wait is `max` plus its jitter.
///
/// # Defaults
/// - `initial`: [`DEFAULT_INITIAL_DELAY`], short enough for a restarting peer.
/// - `max`: [`DEFAULT_MAX_DELAY`], so that a long outage is noticed as over within half a minute.
/// - `factor`: [`DEFAULT_FACTOR`].
/// - `jitter`: [`DEFAULT_JITTER`].
/// - `patience`: none.
/// - `reset`: [`ResetRule::default`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exponential {
    /// The delay after the first failed attempt.
    pub initial: Duration,
    /// The longest delay.
    pub max: Duration,
    /// What each delay is multiplied by; below 1 or not a number counts as 1.
    pub factor: f64,
    /// How far a delay is randomly shortened or lengthened.
    pub jitter: Jitter,
    /// A lower cap for the start of an outage.
    pub patience: Option<Patience>,
    /// Which link ends the trouble, so that the delays start again from `initial`.
    pub reset: ResetRule,
}

impl Default for Exponential {
    fn default() -> Self {
        Self {
            initial: DEFAULT_INITIAL_DELAY,
            max: DEFAULT_MAX_DELAY,
            factor: DEFAULT_FACTOR,
            jitter: DEFAULT_JITTER,
            patience: None,
            reset: ResetRule::default(),
        }
    }
}

impl Exponential {
    /// Doubles from `initial` to `max`, with the default jitter.
    #[must_use]
    pub fn new(initial: Duration, max: Duration) -> Self {
        Self { initial, max, ..Self::default() }
    }

    /// Multiplies each delay by `factor`.
    #[must_use]
    pub fn with_factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Shortens or lengthens each delay at random by at most `jitter`.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Caps the delays lower at the start of an outage; see [`Patience`].
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Which link ends the trouble.
    #[must_use]
    pub fn with_reset(mut self, reset: ResetRule) -> Self {
        self.reset = reset;
        self
    }

    /// The delay, before jitter, that follows `previous` (`None` for the first) in an outage of this age.
    #[must_use]
    pub fn next_delay(&self, previous: Option<Duration>, outage_age: Duration) -> Duration {
        let grown = previous.map_or(self.initial, |previous| self.grown(previous));
        grown.min(self.cap(outage_age))
    }

    /// The delay, before jitter, after the `attempt`-th failed attempt (counted from 1), ignoring patience.
    #[must_use]
    pub fn nth_delay(&self, attempt: u32) -> Duration {
        let mut delay = self.initial.min(self.max);
        for _ in 1..attempt {
            let next = self.grown(delay).min(self.max);
            if next == delay {
                break;
            }
            delay = next;
        }
        delay
    }

    fn grown(&self, delay: Duration) -> Duration {
        // `f64::max` answers 1 for a factor that is not a number.
        multiplied(delay, self.factor.max(1.0)).max(delay)
    }

    fn cap(&self, outage_age: Duration) -> Duration {
        match self.patience {
            Some(patience) if outage_age < patience.lasts => patience.cap.min(self.max),
            Some(_) | None => self.max,
        }
    }
}

/// A lower cap for the start of an outage: most outages are restarts and end soon, so retry often at first, and grow towards the real
/// cap only when the outage turns out to be long.
///
/// ```
/// use std::time::Duration;
/// use ham_persistent::{Exponential, Patience};
///
/// // 100 ms doubling to 1 s in the first minute, then doubling up to 30 s.
/// let retry = Exponential::new(Duration::from_millis(100), Duration::from_secs(30))
///     .with_patience(Patience { cap: Duration::from_secs(1), lasts: Duration::from_secs(60) });
/// # let _ = retry;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The longest delay while the outage is young.
    pub cap: Duration,
    /// How long an outage counts as young.
    pub lasts: Duration,
}

/// Which link ends the preceding trouble: when it is lost, the delays start again from the beginning.
///
/// # Default
/// [`AfterStable`](Self::AfterStable) with [`DEFAULT_STABLE_AFTER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetRule {
    /// Only a link that stayed up this long. A shorter one counts as one more failed attempt, which ended when the link did: a peer
    /// that accepts and drops links is not dialled at full speed, nor is a token requested each time.
    AfterStable(Duration),
    /// Every link, however short. For a peer that is known to drop good links: one that accepts and then refuses is dialled as fast
    /// as it does so, within [`min_pause`](crate::Config::min_pause).
    OnConnect,
}

impl Default for ResetRule {
    fn default() -> Self {
        Self::AfterStable(DEFAULT_STABLE_AFTER)
    }
}

/// How far a delay is moved at random: by at most this fraction of itself, shorter or longer, all values equally likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jitter {
    percent: u8,
}

impl Jitter {
    /// No jitter.
    pub const NONE: Self = Self::percent(0);

    /// By at most `percent` of the delay; more than 100 counts as 100.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        Self { percent: if percent > 100 { 100 } else { percent } }
    }

    /// The delay after applying a roll between -1 (shortest) and 1 (longest).
    #[must_use]
    pub fn apply(self, delay: Duration, roll: f64) -> Duration {
        let share = f64::from(self.percent) / 100.0;
        multiplied(delay, 1.0 + share * roll.clamp(-1.0, 1.0))
    }
}

/// Where the jitter's randomness comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Randomness {
    /// None: delays are used as they are.
    NonRandom,
    /// Always the same sequence.
    Seed(u64),
    /// The operating system.
    #[default]
    Entropy,
}

/// Rolls the jitter.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Dice {
    generator: Option<StdRng>,
}

impl Dice {
    pub(crate) fn new(randomness: Randomness) -> Self {
        let generator = match randomness {
            Randomness::NonRandom => None,
            Randomness::Seed(seed) => Some(StdRng::seed_from_u64(seed)),
            Randomness::Entropy => Some(StdRng::from_os_rng()),
        };
        Self { generator }
    }

    pub(crate) fn jittered(&mut self, delay: Duration, jitter: Jitter) -> Duration {
        match &mut self.generator {
            Some(generator) => jitter.apply(delay, generator.random_range(-1.0..=1.0)),
            None => delay,
        }
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dice").field("random", &self.generator.is_some()).finish()
    }
}

/// Multiplies, and saturates where `Duration::mul_f64` panics.
fn multiplied(delay: Duration, factor: f64) -> Duration {
    let seconds = delay.as_secs_f64() * factor;
    if seconds.is_nan() {
        return delay;
    }
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

/// Default of [`Exponential::initial`].
pub const DEFAULT_INITIAL_DELAY: Duration = Duration::from_secs(1);
/// Default of [`ResetRule`]. A peer that accepts a link and then refuses it does so within a round trip or two, and one that falls
/// over a request does so within the first seconds; proxies that cut idle links wait longer. A link that flaps more slowly than that
/// is by default dialled no more often than a peer that is away ([`DEFAULT_RETRY_DELAY`](crate::DEFAULT_RETRY_DELAY)).
pub const DEFAULT_STABLE_AFTER: Duration = Duration::from_secs(10);
/// Default of [`Exponential::max`].
pub const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(30);
/// Default of [`Exponential::factor`].
pub const DEFAULT_FACTOR: f64 = 2.0;
/// Default jitter of both kinds of delay: ±30 %, so that clients cut off together do not come back together.
pub const DEFAULT_JITTER: Jitter = Jitter::percent(30);

#[cfg(test)]
mod tests;
