//! The states that lives are meant to reach.

use crate::event::{Happened, Outcome};
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
            }
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
            _ => {}
        }
    }
}
