//! The figures of a demonstration and what they say.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::snapshot::Snapshot;

/// The figures of a demonstration, for people (`Display`), for programs (serde) and for [`verdict`](Self::verdict).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// What drew the calls.
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

/// The calls, by what their callers were told and by what the chains hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Calls {
    /// All of them.
    pub made: u32,
    /// How many of each function.
    pub functions: BTreeMap<String, u32>,
    /// How many were made in each way.
    pub ways: BTreeMap<String, u32>,
    /// What the fences showed.
    pub fences: BTreeMap<String, u32>,
    /// Answered, and done.
    pub answered: u32,
    /// Answered with an error: the calls that fail by design, mostly.
    pub refused: u32,
    /// Of those, calls that would have written had they been let: the chain had moved under them.
    pub writes_refused: u32,
    /// Begun before the link was lost, and answered on a later one: sent again, or sent there first after it had waited for its turn.
    pub answered_on_a_later_link: u32,
    /// The same, answered with an error.
    pub refused_on_a_later_link: u32,
    /// Told that it arrived; on the chain.
    pub arrived_on_chain: u32,
    /// Told that it arrived; not on the chain: cut down by the kill, or failing by design.
    pub arrived_not_on_chain: u32,
    /// Told that it did not run.
    pub not_run: u32,
    /// Told that nothing is known; on the chain.
    pub unknown_on_chain: u32,
    /// Told that nothing is known; not on the chain.
    pub unknown_not_on_chain: u32,
    /// On the chain more often than it may run: more than once, unless it is repeated. Must be 0.
    pub ran_too_often: u32,
    /// Answered and not on the chain. Must be 0.
    pub acknowledged_but_missing: u32,
    /// Told that it did not run, and on the chain. Must be 0.
    pub not_run_but_present: u32,
    /// Refused with nothing written, and on the chain. Must be 0.
    pub refused_but_present: u32,
    /// Told that it did not run, and also that it arrived. Must be 0.
    pub contradicted: u32,
    /// Told that it arrived, and never sent. Must be 0.
    pub arrived_but_never_sent: u32,
    /// Failing by design, and on the chain. Must be 0.
    pub failed_but_present: u32,
    /// On the chain, and never called. Must be 0.
    pub unclaimed: u32,
    /// Calls that contradict the chain, the first of them.
    pub offenders: Vec<String>,
    /// How often each kind of error was seen, by the beginning of its text.
    pub reasons: BTreeMap<String, u32>,
}

/// One kill and the recovery from it. Times are in milliseconds, one part after the other; a part that had already
/// happened when its turn came counts as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KillReport {
    /// Which, from 1.
    pub kill: u32,
    /// Calls that had ended.
    pub ended: u32,
    /// Calls that were outstanding.
    pub outstanding: usize,
    /// From the kill until the conductor's port listens again: the conductor's own part.
    pub boot_ms: u64,
    /// From there until the connection is live.
    pub live_ms: u64,
    /// From there until the cell says that it can be called.
    pub callable_ms: u64,
    /// From there until the first call of the load is answered: mostly the conductor's compiler.
    pub answer_ms: u64,
    /// From the kill until that answer.
    pub total_ms: u64,
}

/// What became of the calls that were cut at one place.
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

/// What the signal stream said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignalReport {
    /// Signals.
    pub received: u64,
    /// Gaps: one for every lost link at least.
    pub gaps: u64,
}

/// Something that contradicts what was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disagreement {
    /// A count that must be zero is not.
    Count {
        /// What was counted.
        what: &'static str,
        /// How many.
        found: u32,
    },
    /// The conductor counts other items than it lists.
    Items {
        /// Counted.
        counted: u64,
        /// Listed.
        listed: u64,
    },
    /// The conductor's state grew: every reconnect must leave it as it was.
    Grew {
        /// What did.
        what: &'static str,
        /// Before.
        before: String,
        /// After.
        after: String,
    },
    /// A lost link left no gap in the signals.
    Gaps {
        /// Links lost by kills.
        lost: u64,
        /// Gaps seen.
        seen: u64,
    },
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { what, found } => write!(f, "{found} calls {what}"),
            Self::Items { counted, listed } => write!(f, "{counted} items are counted and {listed} listed"),
            Self::Grew { what, before, after } => write!(f, "{what} were {before} and are {after}"),
            Self::Gaps { lost, seen } => {
                write!(f, "{lost} links were lost and {seen} gaps seen in the signals")
            }
        }
    }
}

impl Report {
    /// Whether everything that was promised held.
    ///
    /// # Errors
    /// Everything that did not.
    pub fn verdict(&self) -> Result<(), Vec<Disagreement>> {
        let calls = &self.calls;
        let mut found: Vec<_> = [
            ("ran more often than they may", calls.ran_too_often),
            ("were acknowledged and are not on the chain", calls.acknowledged_but_missing),
            ("were declared not run and are on the chain", calls.not_run_but_present),
            ("were refused with nothing written and are on the chain", calls.refused_but_present),
            ("were declared not run and told to have arrived", calls.contradicted),
            ("were told to have arrived and never sent", calls.arrived_but_never_sent),
            ("fail by design and are on the chain", calls.failed_but_present),
            ("are on the chain and were never made", calls.unclaimed),
        ]
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

impl fmt::Display for KillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "back after {} ms, live {} ms later, callable {} ms later, first answer {} ms later; {} ms in all",
            self.boot_ms, self.live_ms, self.callable_ms, self.answer_ms, self.total_ms
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = &self.calls;
        writeln!(f, "seed {}: {} calls", self.seed, calls.made)?;
        for (what, count) in calls.functions.iter().chain(&calls.ways) {
            writeln!(f, "  {what}: {count}")?;
        }
        for (showed, count) in &calls.fences {
            writeln!(f, "fences: {showed}: {count}")?;
        }
        for (told, count) in [
            ("answered", calls.answered),
            ("  of them on a later link", calls.answered_on_a_later_link),
            ("answered with an error", calls.refused),
            ("  of them on a later link", calls.refused_on_a_later_link),
            ("  of them writes (the chain had moved)", calls.writes_refused),
            ("arrived, and on the chain", calls.arrived_on_chain),
            ("arrived, and not on the chain", calls.arrived_not_on_chain),
            ("not run", calls.not_run),
            ("unknown, and on the chain", calls.unknown_on_chain),
            ("unknown, and not on the chain", calls.unknown_not_on_chain),
            ("ran more often than they may", calls.ran_too_often),
            ("acknowledged but missing", calls.acknowledged_but_missing),
            ("not run but present", calls.not_run_but_present),
            ("not run and arrived", calls.contradicted),
            ("arrived but never sent", calls.arrived_but_never_sent),
        ] {
            writeln!(f, "{told}: {count}")?;
        }
        for offender in &calls.offenders {
            writeln!(f, "  {offender}")?;
        }
        for (reason, count) in &calls.reasons {
            writeln!(f, "  {count} × {reason}")?;
        }
        writeln!(f, "signals: {}, gaps: {}", self.signals.received, self.signals.gaps)?;
        for kill in &self.kills {
            writeln!(f, "kill {} ({} calls outstanding): {kill}", kill.kill, kill.outstanding)?;
        }
        for (place, cuts) in &self.cuts {
            writeln!(
                f,
                "cut {place}: {} cuts, {} answered ({} resumed), {} arrived, {} not run, {} unknown",
                cuts.cuts, cuts.answered, cuts.resumed, cuts.arrived, cuts.not_run, cuts.unknown
            )?;
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
