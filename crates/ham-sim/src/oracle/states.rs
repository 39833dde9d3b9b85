//! The states that lives are meant to reach.

use crate::event::{Happened, Outcome, StepFault};
use crate::finding::Verdict;
use crate::history::History;

/// Every state.
pub(crate) const STATES: &[&str] = &[
    "told NotRun",
    "told Unknown",
    "told Arrived",
    "told an error",
    "told an output",
    "effect nothing",
    "fence NeverRan",
    "fence Arrived",
    "fence TooLate",
    "fence Ambiguous",
    "a fence fails",
    "the hook hears",
    "a process crashes",
    "a call is sent again as it is",
    "an older store comes back",
    "a signal is heard",
    "a gap is told",
    "told NoLink",
    "told LinkLost",
    "told TimedOut",
    "told Overloaded",
    "told Signing",
    "told CellNotRunning",
    "told ClockSkew",
    "told Expired",
    "told ExpiredUnsent",
    "told Refused",
    "told EmptyAnswer",
    "told UnexpectedResponse",
    "told UnsafeToRepeat",
    "told Fenced",
    "told Ambiguous",
    "answered ok",
    "answered deserialization",
    "answered cell missing",
    "answered cell not running",
    "answered cell disabled",
    "answered init timed out",
    "answered init failed",
    "answered no zome",
    "answered locked",
    "answered BadNonce(\"Duplicate\")",
    "answered BadNonce(\"Expired\")",
    "answered no function",
    "answered guest error",
    "answered invalid commit",
    "answered head moved",
    "answered error after the write",
    "answered words in no table",
    "answered nothing, for ever",
    "answered without a body",
    "answered what nobody can read",
    "cut at step 1",
    "cut at step 2",
    "cut at step 3",
    "cut at step 4",
    "cut at step 5",
    "cut at step 6",
    "cut at step 7",
    "killed at step 1",
    "killed at step 2",
    "killed at step 3",
    "killed at step 4",
    "killed at step 5",
    "killed at step 6",
    "killed at step 7",
    "disabled between steps",
];

pub(super) fn reach(history: &History<Happened>, verdict: &mut Verdict) {
    for entry in &history.entries {
        match &entry.event {
            Happened::Told { told, .. } => {
                verdict.reach(match (told.outcome, told.error) {
                    (Outcome::NotRun, _) => "told NotRun",
                    (Outcome::Unknown, _) => "told Unknown",
                    (Outcome::Arrived, _) => "told Arrived",
                    (Outcome::Answered, Some(_)) => "told an error",
                    (Outcome::Answered, None) => "told an output",
                });
                if told.nothing {
                    verdict.reach("effect nothing");
                }
                if let Some(error) = told.error.filter(|error| *error != "Arrived") {
                    named("told ", error, verdict);
                }
            }
            Happened::Answered { with, .. } => named("answered ", with, verdict),
            Happened::FaultInjected { fault, step, .. } => match fault {
                StepFault::Cut => named("cut at step ", &step.to_string(), verdict),
                StepFault::Killed => named("killed at step ", &step.to_string(), verdict),
                StepFault::Disabled => verdict.reach("disabled between steps"),
            },
            Happened::Fenced { verdict: said, .. } => verdict.reach(match *said {
                "NeverRan" => "fence NeverRan",
                "Arrived" => "fence Arrived",
                "TooLate" => "fence TooLate",
                "Ambiguous" => "fence Ambiguous",
                _ => "a fence fails",
            }),
            Happened::Hook { .. } => verdict.reach("the hook hears"),
            Happened::Crashed { .. } => verdict.reach("a process crashes"),
            Happened::Sent { .. } => verdict.reach("a call is sent again as it is"),
            Happened::Restored { .. } => verdict.reach("an older store comes back"),
            Happened::Heard { .. } => verdict.reach("a signal is heard"),
            Happened::Gap { .. } => verdict.reach("a gap is told"),
            _ => {}
        }
    }
}

/// The state with this kind and name, if the table has it: rare ones are omitted.
fn named(kind: &str, name: &str, verdict: &mut Verdict) {
    let is = |state: &&&str| state.strip_prefix(kind) == Some(name);
    if let Some(state) = STATES.iter().find(is) {
        verdict.reach(state);
    }
}
