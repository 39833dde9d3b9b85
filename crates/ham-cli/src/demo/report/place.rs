//! How the calls that were cut at one place ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the calls that were cut at one place ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlaceReport {
    /// Cuts there.
    pub cuts: u32,
    /// Answered, or refused by design.
    pub answered: u32,
    /// Of those, resumed on the next link.
    pub resumed: u32,
    /// Told that the call arrived.
    pub arrived: u32,
    /// Told that the call did not run.
    pub not_run: u32,
    /// Told that nothing is known.
    pub unknown: u32,
}

impl fmt::Display for PlaceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cuts, {} answered ({} resumed), {} arrived, {} not run, {} unknown",
            self.cuts, self.answered, self.resumed, self.arrived, self.not_run, self.unknown
        )
    }
}
