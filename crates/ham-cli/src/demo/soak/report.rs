//! The figures of a soak and what they mean.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::vitals::Vitals;
use crate::demo::{Calls, Disagreement, Report};

/// How much more memory this process may hold at the end than at the first mark, when everything has been used once:
/// the allocator's reserve, and the proxy's log. A byte leaked by each of a million calls is 1 MiB.
pub const MEMORY_BOUND_KIB: u64 = 16 * 1024;

/// The figures of a soak, for people (`Display`), for programs (serde) and for [`verdict`](Self::verdict).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SoakReport {
    /// Links that were lost, as the proxy counts them.
    pub losses: u64,
    /// Echoes, by what their callers were told.
    pub echoes: BTreeMap<String, u64>,
    /// Echoes whose answer differs from what was sent. Must be 0.
    pub wrong_echoes: u64,
    /// Writes, compared with the chains.
    pub writes: Calls,
    /// Before the first call; after every tenth of the calls; at the end.
    pub vitals: Vec<Vitals>,
}

/// Something that grew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leak {
    /// What grew.
    pub what: &'static str,
    /// Before.
    pub before: u64,
    /// At the end.
    pub after: u64,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} were {} and are {}", self.what, self.before, self.after)
    }
}

impl SoakReport {
    /// Whether every call was told the truth and nothing grew: no more tasks and descriptors than before the first
    /// call, and at most [`MEMORY_BOUND_KIB`] from the first mark to the end. The conductor's figures are only
    /// reported: its chains grow.
    ///
    /// # Errors
    /// Everything that did not hold, one line each.
    pub fn verdict(&self) -> Result<(), Vec<String>> {
        let writes = Report { calls: self.writes.clone(), ..Report::default() };
        let untrue = writes.verdict().err().unwrap_or_default();
        let mut found: Vec<String> = untrue.iter().map(Disagreement::to_string).collect();
        found.extend(self.writes.offenders.iter().cloned());
        if self.wrong_echoes > 0 {
            found.push(format!("{} echoes were answered with something else", self.wrong_echoes));
        }
        found.extend(self.leaks().iter().map(Leak::to_string));
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// What grew beyond its bound.
    #[must_use]
    pub fn leaks(&self) -> Vec<Leak> {
        let [start, first, .., end] = &self.vitals[..] else { return Vec::new() };
        let bounds = [
            ("tasks", start.tasks as u64, end.tasks as u64, 0),
            ("descriptors", start.descriptors as u64, end.descriptors as u64, 0),
            ("KiB", first.memory_kib, end.memory_kib, MEMORY_BOUND_KIB),
        ];
        let grown = bounds.into_iter().filter(|(_, before, after, bound)| *after > before + bound);
        grown.map(|(what, before, after, _)| Leak { what, before, after }).collect()
    }
}

impl fmt::Display for SoakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "links lost: {}", self.losses)?;
        for (told, count) in &self.echoes {
            writeln!(f, "echoes, {told}: {count}")?;
        }
        writeln!(f, "echoes answered wrongly: {}", self.wrong_echoes)?;
        let writes = &self.writes;
        writeln!(f, "writes: {}, answered: {}", writes.made, writes.answered)?;
        writeln!(f, "  refused: {}, not run: {}", writes.refused, writes.not_run)?;
        writeln!(
            f,
            "  arrived: {} on the chain, {} not",
            writes.arrived_on_chain, writes.arrived_not_on_chain
        )?;
        writeln!(
            f,
            "  unknown: {} on the chain, {} not",
            writes.unknown_on_chain, writes.unknown_not_on_chain
        )?;
        for vitals in &self.vitals {
            writeln!(f, "{vitals}")?;
        }
        match self.verdict() {
            Ok(()) => f.write_str("every call was told the truth, and nothing grew"),
            Err(found) => write!(f, "NOT SO: {}", found.join("; ")),
        }
    }
}

/// What a soak is doing. `Display` is a line to show.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SoakProgress {
    /// The conductor is starting and the app is being installed.
    Starting,
    /// A mark was reached.
    Mark(Vitals),
    /// The calls are done and the chains are being read.
    Reading,
}

impl fmt::Display for SoakProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("starting a conductor"),
            Self::Mark(vitals) => vitals.fmt(f),
            Self::Reading => f.write_str("reading the chains"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vitals(memory_kib: u64, descriptors: usize, tasks: usize) -> Vitals {
        Vitals { memory_kib, descriptors, tasks, ..Vitals::default() }
    }

    #[test]
    fn what_warms_up_is_no_leak() {
        let report = SoakReport {
            vitals: vec![vitals(10_000, 20, 9), vitals(60_000, 22, 12), vitals(61_000, 20, 9)],
            ..SoakReport::default()
        };
        report.verdict().unwrap();
        assert_eq!(serde_json::from_value::<SoakReport>(serde_json::json!(report)).unwrap(), report);
    }

    #[test]
    fn every_leak_and_every_lie_is_named() {
        let mut report = SoakReport {
            wrong_echoes: 1,
            vitals: vec![vitals(1, 1, 1), vitals(1, 1, 1), vitals(MEMORY_BOUND_KIB + 2, 2, 2)],
            ..SoakReport::default()
        };
        report.writes.ran_too_often = 1;
        assert_eq!(report.verdict().unwrap_err().len(), 5, "{report}");
    }
}
