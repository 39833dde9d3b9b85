//! The figures of a demonstration and what they mean.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::snapshot::Snapshot;

mod calls;
mod disagreement;
mod kill;
mod place;

pub use calls::Calls;
pub use disagreement::Disagreement;
pub use kill::KillReport;
pub use place::PlaceReport;

/// The figures of a demonstration, for people (`Display`), for programs (serde) and for [`verdict`](Self::verdict).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The seed of the calls.
    pub seed: u64,
    /// The calls, compared with the chains.
    pub calls: Calls,
    /// Each kill and the recovery from it.
    pub kills: Vec<KillReport>,
    /// The cuts, by place.
    pub cuts: BTreeMap<String, PlaceReport>,
    /// The signals of the connection that lived through the kills.
    pub signals: SignalReport,
    /// Items that the conductor counted on the chains.
    pub items_counted: u64,
    /// Items that the conductor listed.
    pub items_listed: u64,
    /// Before the load, with everything connected and granted.
    pub before: Snapshot,
    /// After it.
    pub after: Snapshot,
    /// How long the load and the kills took, in milliseconds.
    pub kills_ms: u64,
    /// How long the cuts took, in milliseconds.
    pub cuts_ms: u64,
}

/// What the signal stream said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignalReport {
    /// Signals.
    pub received: u64,
    /// Gaps: at least one for every lost link.
    pub gaps: u64,
}

impl Report {
    /// Whether everything that was promised held.
    ///
    /// # Errors
    /// Everything that did not.
    pub fn verdict(&self) -> Result<(), Vec<Disagreement>> {
        let calls = &self.calls;
        let mut found: Vec<_> = calls
            .broken()
            .into_iter()
            .filter(|(_, found)| *found > 0)
            .map(|(what, found)| Disagreement::Count { what, found })
            .collect();
        if self.items_counted != self.items_listed {
            found.push(Disagreement::Items { counted: self.items_counted, listed: self.items_listed });
        }
        let grew = |what, before: &dyn fmt::Debug, after: &dyn fmt::Debug| Disagreement::Grew {
            what,
            before: format!("{before:?}"),
            after: format!("{after:?}"),
        };
        if self.before.grants != self.after.grants {
            found.push(grew("capability grants", &self.before.grants, &self.after.grants));
        }
        if self.before.interfaces != self.after.interfaces {
            found.push(grew("app interfaces", &self.before.interfaces, &self.after.interfaces));
        }
        let lost = self.kills.len() as u64;
        if self.signals.gaps < lost {
            found.push(Disagreement::Gaps { lost, seen: self.signals.gaps });
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = &self.calls;
        writeln!(f, "seed {}: {} calls", self.seed, calls.made)?;
        calls.table(f)?;
        writeln!(f, "signals: {}, gaps: {}", self.signals.received, self.signals.gaps)?;
        for kill in &self.kills {
            writeln!(f, "kill {} ({} calls outstanding): {kill}", kill.kill, kill.outstanding)?;
        }
        for (place, cuts) in &self.cuts {
            writeln!(f, "cut {place}: {cuts}")?;
        }
        writeln!(f, "before: {}", self.before)?;
        writeln!(f, "after: {}", self.after)?;
        write!(f, "kills took {} ms, cuts {} ms", self.kills_ms, self.cuts_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_report_has_a_clean_verdict_and_survives_json() {
        let mut report = Report { seed: u64::MAX, ..Report::default() };
        report.cuts.insert("here".to_owned(), PlaceReport { cuts: 1, ..PlaceReport::default() });
        report.verdict().unwrap();
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }

    #[test]
    fn every_broken_promise_is_a_disagreement() {
        let mut report = Report::default();
        let calls = &mut report.calls;
        (calls.ran_too_often, calls.acknowledged_but_missing, calls.not_run_but_present) = (1, 2, 3);
        (calls.refused_but_present, calls.failed_but_present, calls.unclaimed) = (4, 5, 6);
        (calls.contradicted, calls.arrived_but_never_sent) = (7, 8);
        report.items_counted = 1;
        report.after.grants.insert("cell".to_owned(), 2);
        report.after.interfaces.push("any app, any origin".to_owned());
        report.kills.push(KillReport::default());
        let found = report.verdict().unwrap_err();
        assert_eq!(found.len(), 12, "{found:?}");
        assert_eq!(found[0].to_string(), "1 calls ran more often than they may");
    }
}
