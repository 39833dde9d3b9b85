//! What is late, and what was found broken on the spot: I11 and others.

use crate::event::Happened;
use crate::finding::Verdict;
use crate::history::History;

pub(super) fn judge(history: &History<Happened>, verdict: &mut Verdict) {
    for entry in &history.entries {
        match &entry.event {
            Happened::Late { what, by_millis } => {
                verdict.find(
                    "I11",
                    Some(entry.at),
                    format_args!("{what} returned {by_millis} ms after its deadline"),
                );
            }
            Happened::Broken { invariant, why } => verdict.find(invariant, Some(entry.at), why),
            _ => {}
        }
    }
}
