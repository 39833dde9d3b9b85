//! A few numbers instead of a thousand.

use std::fmt;
use std::time::Duration;

/// What shares of the samples took at most.
#[derive(Clone, Copy, Debug)]
pub struct Quantiles {
    p50: Duration,
    p90: Duration,
    p99: Duration,
    max: Duration,
}

impl Quantiles {
    /// Sums up samples; nothing took no time.
    #[must_use]
    pub fn of(mut samples: Vec<Duration>) -> Self {
        samples.sort_unstable();
        let at = |percent: usize| {
            let rank = (samples.len() * percent).div_ceil(100);
            samples.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for duration in [self.p50, self.p90, self.p99, self.max] {
            write!(f, " {:>10}", format!("{duration:.1?}"))?;
        }
        Ok(())
    }
}
