//! The calls, by what their callers were told and by what is on the chains.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The calls, by what their callers were told and by what is on the chains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Calls {
    /// All of them.
    pub made: u32,
    /// How many calls of each function.
    pub functions: BTreeMap<String, u32>,
    /// How many were made in each way.
    pub ways: BTreeMap<String, u32>,
    /// What the fences showed.
    pub fences: BTreeMap<String, u32>,
    /// Answered, and done.
    pub answered: u32,
    /// Answered with an error: the calls that fail by design, mostly.
    pub refused: u32,
    /// Of those, calls that would have written if they had succeeded: the chain had moved under them.
    pub writes_refused: u32,
    /// Begun before the link was lost, and answered on a later one: sent again, or first sent there after waiting for
    /// its turn.
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
    /// On the chain more often than allowed: more than once, unless it may be repeated. Must be 0.
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
    /// The first of the calls that contradict the chain.
    pub offenders: Vec<String>,
    /// How often each kind of error occurred, by the beginning of its text.
    pub reasons: BTreeMap<String, u32>,
}

impl Calls {
    /// The counts that must be 0, each with its name.
    pub(super) fn broken(&self) -> [(&'static str, u32); 8] {
        [
            ("ran more often than they may", self.ran_too_often),
            ("were acknowledged and are not on the chain", self.acknowledged_but_missing),
            ("were declared not run and are on the chain", self.not_run_but_present),
            ("were refused with nothing written and are on the chain", self.refused_but_present),
            ("were declared not run and told to have arrived", self.contradicted),
            ("were told to have arrived and never sent", self.arrived_but_never_sent),
            ("fail by design and are on the chain", self.failed_but_present),
            ("are on the chain and were never made", self.unclaimed),
        ]
    }

    /// Writes a line for each count.
    pub(super) fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in self.functions.iter().chain(&self.ways) {
            writeln!(f, "  {what}: {count}")?;
        }
        for (showed, count) in &self.fences {
            writeln!(f, "fences: {showed}: {count}")?;
        }
        for (told, count) in [
            ("answered", self.answered),
            ("  of them on a later link", self.answered_on_a_later_link),
            ("answered with an error", self.refused),
            ("  of them on a later link", self.refused_on_a_later_link),
            ("  of them writes (the chain had moved)", self.writes_refused),
            ("arrived, and on the chain", self.arrived_on_chain),
            ("arrived, and not on the chain", self.arrived_not_on_chain),
            ("not run", self.not_run),
            ("unknown, and on the chain", self.unknown_on_chain),
            ("unknown, and not on the chain", self.unknown_not_on_chain),
            ("ran more often than they may", self.ran_too_often),
            ("acknowledged but missing", self.acknowledged_but_missing),
            ("not run but present", self.not_run_but_present),
            ("not run and arrived", self.contradicted),
            ("arrived but never sent", self.arrived_but_never_sent),
        ] {
            writeln!(f, "{told}: {count}")?;
        }
        for offender in &self.offenders {
            writeln!(f, "  {offender}")?;
        }
        for (reason, count) in &self.reasons {
            writeln!(f, "  {count} × {reason}")?;
        }
        Ok(())
    }
}
