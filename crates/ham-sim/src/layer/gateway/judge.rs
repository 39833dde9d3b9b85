//! Compares what a gateway promises with what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use super::life::GatewayLife;
use crate::event::{Call, Cause, Happened, Nonce, Outcome, Told};
use crate::finding::Verdict;
use crate::history::History;
use crate::model::Trait;
use crate::plan::WorldEvent;

/// Every state.
pub(super) const STATES: &[&str] = &[
    "told NotRun",
    "told Unknown",
    "told Arrived",
    "told an error",
    "told an output",
    "accepted",
    "joined",
    "answered again",
    "cancelled",
    "a process crashes",
    "the power fails",
    "the disk fails",
    "a start finds a call Queued",
    "a start finds a call Signed",
    "a start finds a call Fencing",
];

/// What is known about one call.
#[derive(Debug, Default)]
struct OfCall {
    does: Option<Trait>,
    asked: Vec<usize>,
    told: Vec<(usize, Duration, Told, bool)>,
    runs: Vec<(usize, Nonce)>,
    /// Nonces that the call itself has used up, and since when.
    claimed: BTreeMap<Nonce, usize>,
    writes: usize,
    nonces: Vec<Nonce>,
    forgotten: bool,
}

pub(super) fn judge(life: &GatewayLife, history: &History<Happened>, verdict: &mut Verdict) {
    let jumps = life.base.has(|event| matches!(event, WorldEvent::Jump(_)));
    for (call, of) in calls(history) {
        // If the conductor's clock freed a nonce again, this is a conductor that does not keep its database.
        if !of.forgotten {
            one(call, &of, jumps, verdict);
        }
    }
    for entry in &history.entries {
        match &entry.event {
            Happened::Broken { invariant, why } => verdict.find(invariant, Some(entry.at), why),
            event => reach(event, verdict),
        }
    }
}

fn one(call: Call, of: &OfCall, jumps: bool, verdict: &mut Verdict) {
    let last = of.told.last().map(|(_, at, ..)| *at);
    // G1: at most once, however often it is repeated.
    if of.runs.len() > 1 {
        verdict.find("G1", last, format_args!("call {call} ran {} times", of.runs.len()));
    }
    let mut kept: Option<&Told> = None;
    for (place, at, told, is_kept) in &of.told {
        let asked_again = |run: usize| of.asked.iter().any(|asked| asked > place && *asked < run);
        match told.outcome {
            // G2: it did not run, and will not until someone asks for it again.
            Outcome::NotRun => {
                if of.runs.iter().any(|(run, _)| !asked_again(*run)) {
                    verdict.find("G2", Some(*at), format_args!("call {call} was told NotRun and runs"));
                }
            }
            // G3: its answer is its own, and its write is there once.
            Outcome::Answered if told.error.is_none() => {
                let writes = matches!(of.does, Some(Trait::Write | Trait::SlowWrite | Trait::Emit));
                if writes && of.writes != 1 {
                    verdict.find("G3", Some(*at), format_args!("call {call} wrote {} times", of.writes));
                }
                if told.answer.is_some_and(|nonce| !of.nonces.contains(&nonce)) {
                    verdict.find("G3", Some(*at), format_args!("call {call} was told another one's output"));
                }
            }
            // G4: it reached the conductor, and no fence for it did so earlier.
            Outcome::Arrived if of.claimed.is_empty() => {
                verdict.find("G4", Some(*at), format_args!("call {call} was told Arrived, and never came"));
            }
            Outcome::Answered | Outcome::Arrived | Outcome::Unknown => {}
        }
        // G3: if it is said to have left nothing, that is true.
        if told.nothing && told.outcome == Outcome::Answered && *is_kept && of.writes > 0 {
            verdict.find("G3", Some(*at), format_args!("call {call} left nothing and wrote"));
        }
        // G5: a settled call does not run later. One that had arrived may be about to run.
        let had_arrived = |nonce: &Nonce| of.claimed.get(nonce).is_some_and(|claimed| claimed < place);
        let is_late = |(run, nonce): &(usize, Nonce)| {
            run > place && !asked_again(*run) && !(told.outcome == Outcome::Unknown && had_arrived(nonce))
        };
        let starts_later = of.runs.iter().any(is_late);
        let is_over = matches!(told.outcome, Outcome::Answered) || told.outcome == Outcome::Unknown && !jumps;
        if is_over && starts_later {
            verdict.find(
                "G5",
                Some(*at),
                format_args!("call {call} was settled ({:?}) and runs", told.outcome),
            );
        }
        // G7: a kept answer is repeated unchanged.
        if let Some(before) = kept
            && (before.outcome, before.error, before.answer) != (told.outcome, told.error, told.answer)
        {
            verdict.find("G7", Some(*at), format_args!("call {call} was told {before:?}, and now {told:?}"));
        }
        if *is_kept {
            kept = Some(told);
        }
    }
}

fn calls(history: &History<Happened>) -> BTreeMap<Call, OfCall> {
    let mut calls: BTreeMap<Call, OfCall> = BTreeMap::new();
    let mut owners: BTreeMap<Nonce, Call> = BTreeMap::new();
    for (place, entry) in history.entries.iter().enumerate() {
        match &entry.event {
            Happened::Asked { call, does, .. } => {
                let of = calls.entry(*call).or_default();
                of.does = Some(*does);
                of.asked.push(place);
            }
            Happened::Received { call: Some(call), nonce, .. } => {
                owners.insert(*nonce, *call);
                let of = calls.entry(*call).or_default();
                if !of.nonces.contains(nonce) {
                    of.nonces.push(*nonce);
                }
            }
            Happened::RunBegan { call, nonce, .. } => {
                calls.entry(*call).or_default().runs.push((place, *nonce));
            }
            Happened::Claimed { nonce, fence: false } => {
                if let Some(of) = owners.get(nonce).and_then(|call| calls.get_mut(call)) {
                    of.claimed.insert(*nonce, place);
                }
            }
            Happened::Committed { cause: Cause::Write(nonce), .. } => {
                if let Some(of) = owners.get(nonce).and_then(|call| calls.get_mut(call)) {
                    of.writes += 1;
                }
            }
            Happened::Forgotten { nonce } => {
                if let Some(of) = owners.get(nonce).and_then(|call| calls.get_mut(call)) {
                    of.forgotten = true;
                }
            }
            Happened::Told { told, .. } => {
                calls.entry(told.call).or_default().told.push((place, entry.at, *told, false));
            }
            Happened::KeyKept { call } => {
                if let Some((_, _, _, kept)) = calls.entry(*call).or_default().told.last_mut() {
                    *kept = true;
                }
            }
            _ => {}
        }
    }
    calls
}

fn reach(event: &Happened, verdict: &mut Verdict) {
    match event {
        Happened::Told { told, .. } => verdict.reach(match (told.outcome, told.error) {
            (Outcome::NotRun, _) => "told NotRun",
            (Outcome::Unknown, _) => "told Unknown",
            (Outcome::Arrived, _) => "told Arrived",
            (Outcome::Answered, Some(_)) => "told an error",
            (Outcome::Answered, None) => "told an output",
        }),
        Happened::Entered { .. } => verdict.reach("accepted"),
        Happened::Crashed { .. } => verdict.reach("a process crashes"),
        Happened::PowerCut { .. } => verdict.reach("the power fails"),
        Happened::Words("client", words) => {
            let known = [("joins", "joined"), ("answered again", "answered again"), ("cancels", "cancelled")];
            for (part, state) in known {
                if words.contains(part) {
                    verdict.reach(state);
                }
            }
        }
        Happened::Words("gateway", words) => {
            if let Some(state) = STATES.iter().find(|state| state.ends_with(words.as_str())) {
                verdict.reach(state);
            }
        }
        _ => {}
    }
}
