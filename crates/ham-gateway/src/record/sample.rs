//! One second of an app.

use serde::Serialize;

use super::tally::Second;

/// One second of an app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sample {
    /// Its end, in milliseconds since 1970.
    pub(crate) t: i64,
    /// Whether there was a link then.
    pub(crate) link: bool,
    pub(crate) answered: u32,
    pub(crate) error: u32,
    pub(crate) not_run: u32,
    pub(crate) arrived: u32,
    pub(crate) unknown: u32,
    /// Milliseconds to an answer; `None` where there was none.
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    /// Calls under way.
    pub(crate) open: u64,
}

impl Sample {
    pub(super) fn of(t: i64, link: bool, second: Second, open: u64) -> Self {
        let Second { answered, error, not_run, arrived, unknown, mut times } = second;
        times.sort_by(f64::total_cmp);
        // The time that so many hundredths did not exceed.
        let quantile = |hundredths: usize| {
            times.get((times.len() * hundredths).div_ceil(100).saturating_sub(1)).copied()
        };
        let (p50, p99) = (quantile(50), quantile(99));
        Self { t, link, answered, error, not_run, arrived, unknown, p50, p99, open }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tally::Tally;
    use super::*;

    #[test]
    fn a_second_is_counted_by_outcome_and_its_times_by_rank() {
        let tally = Tally::default();
        for ms in 1..=100 {
            tally.begun();
            tally.ended("answered", ms != 100, Duration::from_millis(ms));
            tally.gone();
        }
        for outcome in ["not_run", "arrived", "unknown", "unknown"] {
            tally.ended(outcome, false, Duration::from_secs(9));
        }
        tally.begun();
        let (second, open) = tally.take();
        let sample = Sample::of(7, true, second, open);
        assert_eq!((sample.answered, sample.error, sample.not_run), (99, 1, 1));
        assert_eq!((sample.arrived, sample.unknown, sample.open), (1, 2, 1));
        assert_eq!((sample.p50, sample.p99), (Some(50.0), Some(99.0)));
        let (second, open) = tally.take();
        let empty = Sample::of(8, true, second, open);
        assert_eq!((empty.answered, empty.p50, empty.open), (0, None, 1));
    }
}
