//! Dials and signals: I15, I16. What was lost with a link: I6.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::event::Happened;
use crate::finding::Verdict;
use crate::history::History;

/// The length of a window of dials.
const WINDOW: Duration = Duration::from_secs(12);
/// Dials of one process in a window: delays of 100 ms doubling to a second, and twice a link that lasted.
const DIALS: usize = 40;

pub(super) fn judge(history: &History<Happened>, verdict: &mut Verdict) {
    lost(history, verdict);
    let mut dials: BTreeMap<u32, Vec<Duration>> = BTreeMap::new();
    let mut redials: BTreeMap<u32, usize> = BTreeMap::new();
    let mut told: BTreeSet<u32> = BTreeSet::new();
    let mut heard: BTreeMap<u32, u64> = BTreeMap::new();
    for entry in &history.entries {
        match &entry.event {
            Happened::Dial { process, admin: false } => {
                let dials = dials.entry(*process).or_default();
                dials.push(entry.at);
                let allowed = DIALS + redials.get(process).copied().unwrap_or(0);
                let first = dials.len().checked_sub(allowed + 1).map(|first| dials[first]);
                if first.is_some_and(|first| entry.at - first < WINDOW) && told.insert(*process) {
                    let why = format_args!("p{process} has dialled {} times within {WINDOW:?}", allowed + 1);
                    verdict.find("I15", Some(entry.at), why);
                }
            }
            Happened::Redial { process } => *redials.entry(*process).or_default() += 1,
            Happened::Heard { task, number } => {
                if let Some(last) = heard.insert(*task, *number)
                    && *number != last + 1
                {
                    let why = format_args!("signal {number} follows {last}, and nothing is said of a gap");
                    verdict.find("I16", Some(entry.at), why);
                }
            }
            Happened::Gap { task, .. } => drop(heard.remove(task)),
            _ => {}
        }
    }
}

/// I6: what never reached the conductor was lost with a link, and no link loses more than may be under way on it.
fn lost(history: &History<Happened>, verdict: &mut Verdict) {
    let (mut heard, mut received, mut made) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut room = 0;
    for entry in &history.entries {
        match &entry.event {
            Happened::Made { call, .. } => drop(made.insert(*call)),
            Happened::Accepted { window, .. } => room += window,
            Happened::Received { nonce, .. } => drop(received.insert(*nonce)),
            // A prepared one may have been sent by a process that crashed.
            Happened::Hook { call, nonce, .. } if made.contains(call) => drop(heard.insert(*nonce)),
            _ => {}
        }
    }
    let lost = heard.difference(&received).count();
    if lost > room {
        let why =
            format_args!("{lost} calls that never came are said to be lost, and links had room for {room}");
        verdict.find("I6", None, why);
    }
}
