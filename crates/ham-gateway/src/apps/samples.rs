//! How the calls of an app ended, second by second, for a quarter of an hour.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// The calls that ended in the current second, and how many are under way.
#[derive(Debug, Default)]
pub(crate) struct CallCounters {
    counted: Mutex<Counted>,
    under_way: AtomicUsize,
}

/// A call under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay<'a> {
    counters: &'a CallCounters,
    began: Instant,
}

#[derive(Debug, Default)]
struct Counted {
    sample: Sample,
    /// Those of the first [`MOST_TIMED`] answers of the second.
    took: Vec<Duration>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Answered,
    /// The answer was an error.
    Error,
    NotRun,
    Arrived,
    Unknown,
}

/// One second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Sample {
    /// Its end, in milliseconds since 1970.
    pub(crate) t: i64,
    /// Whether there was a link at its end.
    pub(crate) link: bool,
    pub(crate) answered: u32,
    pub(crate) error: u32,
    pub(crate) not_run: u32,
    pub(crate) arrived: u32,
    pub(crate) unknown: u32,
    /// Milliseconds to an answer: half of the answers took no longer.
    pub(crate) p50: Option<f64>,
    /// The same for 99 in a hundred.
    pub(crate) p99: Option<f64>,
    /// Calls that were under way at its end.
    pub(crate) open: usize,
}

impl Ended {
    /// Of a problem's outcome.
    pub(crate) fn of(outcome: &str) -> Self {
        match outcome {
            "answered" => Self::Error,
            "not_run" => Self::NotRun,
            "arrived" => Self::Arrived,
            _ => Self::Unknown,
        }
    }
}

impl UnderWay<'_> {
    pub(crate) fn ended(self, ended: Ended) {
        self.counters.ended(ended, self.began.elapsed());
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.counters.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl CallCounters {
    pub(crate) fn begun(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay { counters: self, began: Instant::now() }
    }

    fn ended(&self, ended: Ended, took: Duration) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { sample, took: times } = &mut *counted;
        let of = match ended {
            Ended::Answered => &mut sample.answered,
            Ended::Error => &mut sample.error,
            Ended::NotRun => &mut sample.not_run,
            Ended::Arrived => &mut sample.arrived,
            Ended::Unknown => &mut sample.unknown,
        };
        *of = of.saturating_add(1);
        if matches!(ended, Ended::Answered | Ended::Error) && times.len() < MOST_TIMED {
            times.push(took);
        }
    }

    /// Ends the second, and begins the next one.
    pub(crate) fn second(&self, t: i64, link: bool) -> Sample {
        let counted = std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner));
        let open = self.under_way.load(Ordering::Relaxed);
        let Counted { sample, mut took } = counted;
        took.sort_unstable();
        Sample { t, link, open, p50: at(&took, 50), p99: at(&took, 99), ..sample }
    }
}

/// The time within which this percentage ended, in milliseconds.
fn at(sorted: &[Duration], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(sorted.len() * percent / 100).min(last)].as_secs_f64() * 1e3)
}

/// The last quarter of an hour.
#[derive(Debug, Default)]
pub(crate) struct Quarter(VecDeque<Sample>);

impl Quarter {
    pub(crate) fn push(&mut self, sample: Sample) {
        if self.0.len() == SECONDS {
            self.0.pop_front();
        }
        self.0.push_back(sample);
    }

    pub(crate) fn newest(&self) -> Option<&Sample> {
        self.0.back()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter()
    }

    /// Answers per second over the last ten seconds; and the medians of the times of the quarter of an hour.
    pub(crate) fn figures(&self) -> (f64, Option<f64>, Option<f64>) {
        let recent = self.0.iter().rev().take(RECENT);
        let count = u32::try_from(recent.len()).unwrap_or(u32::MAX).max(1);
        let answers: u32 = recent.map(|sample| sample.answered.saturating_add(sample.error)).sum();
        let median = |of: fn(&Sample) -> Option<f64>| {
            let mut times: Vec<f64> = self.0.iter().filter_map(of).collect();
            times.sort_unstable_by(f64::total_cmp);
            times.get(times.len() / 2).copied()
        };
        (f64::from(answers) / f64::from(count), median(|sample| sample.p50), median(|sample| sample.p99))
    }
}

/// Answers per second whose times are kept.
const MOST_TIMED: usize = 4_096;
/// Seconds that are kept.
const SECONDS: usize = 900;
const RECENT: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_says_what_ended_in_it_and_no_more() {
        let counters = CallCounters::default();
        for took in 1..=100 {
            counters.ended(Ended::Answered, Duration::from_millis(took));
        }
        counters.ended(Ended::NotRun, Duration::from_secs(9));
        let open = [counters.begun(), counters.begun()];
        let second = counters.second(1000, true);
        drop(open);
        assert_eq!((second.answered, second.not_run, second.open), (100, 1, 2));
        assert_eq!((second.p50, second.p99), (Some(51.0), Some(100.0)));
        let empty = counters.second(2000, false);
        assert_eq!(empty, Sample { t: 2000, ..Sample::default() });
    }

    #[test]
    fn no_more_than_a_quarter_of_an_hour_is_kept() {
        let mut quarter = Quarter::default();
        for t in 0..1000 {
            quarter.push(Sample { t, answered: 3, p50: Some(1.0), ..Sample::default() });
        }
        assert_eq!((quarter.iter().count(), quarter.iter().next().map(|sample| sample.t)), (900, Some(100)));
        assert_eq!(quarter.figures(), (3.0, Some(1.0), None));
    }

    #[test]
    fn a_busy_second_keeps_its_count_and_only_so_many_times() {
        let counters = CallCounters::default();
        for _ in 0..2 * MOST_TIMED {
            counters.ended(Ended::Error, Duration::ZERO);
        }
        assert_eq!(counters.second(0, true).error, 8192);
    }
}
