//! What is wrong with a life.

use std::fmt;
use std::time::Duration;

use crate::coverage::Counts;

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The invariant's name: `I11`.
    pub invariant: &'static str,
    /// When in the life, if known.
    pub at: Option<Duration>,
    /// What was observed, in words.
    pub words: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.invariant)?;
        if let Some(at) = self.at {
            write!(f, " at {} ms", at.as_millis())?;
        }
        write!(f, ": {}", self.words)
    }
}

/// What judging a life found, and which states the life went through.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    findings: Vec<Finding>,
    reached: Counts,
}

impl Verdict {
    /// Nothing found yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Notes a broken promise.
    pub(crate) fn find(&mut self, invariant: &'static str, at: Option<Duration>, words: impl fmt::Display) {
        self.findings.push(Finding { invariant, at, words: words.to_string() });
    }

    /// Notes that the life went through a state of [`Layer::STATES`](crate::life::Layer::STATES).
    pub(crate) fn reach(&mut self, state: &'static str) {
        self.reached.add(state, 1);
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn into_parts(self) -> (Vec<Finding>, Counts) {
        (self.findings, self.reached)
    }
}

/// The life did not end within its bound of simulated time.
pub(crate) const ENDLESS: &str = "endless";
/// Living the same seed twice gave two histories.
pub(crate) const REPEATS: &str = "repeats";
/// A blocking thread was started: it would hold the simulated time.
pub(crate) const THREADS: &str = "I18-threads";
/// Something panicked.
pub(crate) const PANICS: &str = "I22";
