//! How often lives reached the states that they are meant to reach.

use std::collections::BTreeMap;

/// Counts of named states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    counts: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, state: &'static str, times: u64) {
        *self.counts.entry(state).or_default() += times;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (state, times) in &other.counts {
            self.add(state, *times);
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.counts.keys().copied()
    }

    /// How often a state was reached.
    #[must_use]
    pub(crate) fn of(&self, state: &str) -> u64 {
        self.counts.get(state).copied().unwrap_or(0)
    }

    /// Those of `states` that were never reached.
    #[must_use]
    pub(crate) fn missing(&self, states: &'static [&'static str]) -> Vec<&'static str> {
        states.iter().copied().filter(|state| self.of(state) == 0).collect()
    }
}
