//! The calls of the second that runs.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The calls of an app: those of the second that runs, and how many are under way.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    second: Mutex<Second>,
    open: AtomicU64,
}

/// How the calls of a second ended.
#[derive(Debug, Default)]
pub(super) struct Second {
    pub(super) answered: u32,
    /// Answered with an error.
    pub(super) error: u32,
    pub(super) not_run: u32,
    pub(super) arrived: u32,
    pub(super) unknown: u32,
    /// Milliseconds to an answer.
    pub(super) times: Vec<f64>,
}

impl Tally {
    pub(crate) fn begun(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// It ended, or nobody waits for it any more.
    pub(crate) fn gone(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many are under way.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// How it ended, by the outcome's word, and whether well.
    pub(crate) fn ended(&self, outcome: &str, well: bool, took: Duration) {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        let count = match outcome {
            "answered" if well => &mut second.answered,
            "answered" => &mut second.error,
            "not_run" => &mut second.not_run,
            "arrived" => &mut second.arrived,
            _ => &mut second.unknown,
        };
        *count = count.saturating_add(1);
        if outcome == "answered" && second.times.len() < MOST_TIMES {
            second.times.push(took.as_secs_f64() * 1e3);
        }
    }

    /// The second that has passed, and how many calls are under way.
    pub(super) fn take(&self) -> (Second, u64) {
        let second = mem::take(&mut *self.second.lock().unwrap_or_else(PoisonError::into_inner));
        (second, self.open())
    }
}

/// Times of one second that are looked at.
const MOST_TIMES: usize = 4_096;
