//! What a call's owner is told about its run: I1, I2, I4, I5, I6, I7, I12.

use std::collections::BTreeMap;

use super::view::{Moment, OfCall, OfNonce, View};
use crate::event::{Call, Outcome};
use crate::finding::Verdict;
use crate::model::Trait;
use crate::plan::HamLife;

pub(super) fn judge(life: &HamLife, view: &View, verdict: &mut Verdict) {
    for (call, of) in &view.calls {
        told(view, *call, of, verdict);
        // A call to `init` claims no nonce: it runs every time it arrives.
        if of.does != Some(Trait::Init) {
            runs(view, *call, of, verdict);
        }
        hooks(view, *call, of, verdict);
        if life.swarm.calm && of.made.is_some() {
            answered(*call, of, verdict);
        }
    }
}

/// I1, I2, I4, I7.
fn told(view: &View, call: Call, of: &OfCall, verdict: &mut Verdict) {
    for (moment, told) in &of.told {
        let at = Some(moment.at);
        for (nonce, known) in view.nonces_told(of, told).filter(|(_, known)| !known.forgotten) {
            // An owner that sends it again withdraws the claim that it will not run.
            let own = |run: Moment| run < *moment || !known.sent_between(*moment, run);
            // What ran before an older store came back belongs to a history that is gone, together with its nonce.
            let there = view.store_at(*moment);
            let runs = known.runs.iter().filter(|(_, store)| *store >= there);
            let mut runs = runs.map(|(run, _)| *run).filter(|run| own(*run));
            match told.outcome {
                Outcome::NotRun => {
                    if let Some(run) = runs.next() {
                        let when = run.at.as_millis();
                        verdict.find(
                            "I1",
                            at,
                            format_args!("call {call} was told NotRun and ran at {when} ms, nonce {nonce}"),
                        );
                    }
                }
                Outcome::Answered if of.does == Some(Trait::Init) => {}
                Outcome::Answered if told.of.is_some() || of.made.is_none_or(|times| times == 1) => {
                    if let Some(run) = runs.find(|run| run > moment) {
                        let when = run.at.as_millis();
                        verdict.find(
                            "I2",
                            at,
                            format_args!("call {call} was settled and ran at {when} ms, nonce {nonce}"),
                        );
                    }
                    if let Some((wrote, _)) =
                        known.wrote.iter().find(|(wrote, _)| wrote > moment && own(*wrote))
                    {
                        let when = wrote.at.as_millis();
                        verdict.find(
                            "I2",
                            at,
                            format_args!("call {call} was settled and wrote at {when} ms, nonce {nonce}"),
                        );
                    }
                }
                Outcome::Answered | Outcome::Unknown | Outcome::Arrived => {}
            }
        }
        if told.outcome == Outcome::Arrived
            && view
                .nonces_told(of, told)
                .all(|(_, known)| !known.claimed.iter().any(|(claimed, fence)| claimed < moment && !fence))
        {
            verdict.find(
                "I7",
                at,
                format_args!("call {call} was told Arrived, and no nonce of it was claimed by it"),
            );
        }
        if told.error.is_none() && of.does != Some(Trait::Init) {
            let Some(known) = told
                .answer
                .filter(|nonce| of.nonces.contains(nonce))
                .and_then(|nonce| view.nonces.get(&nonce))
            else {
                verdict.find("I4", at, format_args!("call {call} was given the output of another one"));
                continue;
            };
            let writes = matches!(of.does, Some(Trait::Write | Trait::SlowWrite | Trait::Emit));
            let mut stores: Vec<u32> = known.wrote.iter().map(|(_, store)| *store).collect();
            stores.dedup();
            if writes && !known.forgotten && (known.wrote.is_empty() || stores.len() != known.wrote.len()) {
                let times = known.wrote.len();
                verdict.find("I4", at, format_args!("call {call} was answered Ok and wrote {times} times"));
            }
        }
    }
}

/// I5.
fn runs(view: &View, call: Call, of: &OfCall, verdict: &mut Verdict) {
    // What ran before an older store came back is gone with the history in which it ran.
    let mut nonces_that_ran: BTreeMap<u32, u32> = BTreeMap::new();
    for (nonce, known) in view.nonces_of(of).filter(|(_, known)| !known.forgotten && !known.runs.is_empty()) {
        let mut stores: Vec<u32> = known.runs.iter().map(|(_, store)| *store).collect();
        stores.dedup();
        if stores.len() != known.runs.len() {
            let at = known.runs.last().map(|(run, _)| run.at);
            verdict.find("I5", at, format_args!("call {call} ran {} times, nonce {nonce}", known.runs.len()));
        }
        for store in stores {
            *nonces_that_ran.entry(store).or_default() += 1;
        }
    }
    let (most, times) = (nonces_that_ran.into_values().max().unwrap_or(0), of.made.unwrap_or(1));
    if most > times {
        verdict.find("I5", None, format_args!("call {call} ran under {most} nonces, {times} are allowed"));
    }
}

/// I6: who is told about a lost send, and how often.
fn hooks(view: &View, call: Call, of: &OfCall, verdict: &mut Verdict) {
    // Nobody knows what a process that crashed was told.
    let own = of.told.iter().find(|(_, told)| told.of.is_none());
    let (Some(_), Some((moment, told))) = (of.made, own) else { return };
    let arrived = |known: &OfNonce| known.received.iter().rfind(|received| *received <= moment).copied();
    // Each round has a nonce of its own, and nonces are numbered in the order of the rounds.
    let last = view.nonces_of(of).filter(|(_, known)| arrived(known).is_some()).map(|(nonce, _)| nonce).max();
    for (nonce, known) in view.nonces_of(of) {
        let heard = of.hooks.iter().filter(|(hook, heard, _)| *heard == nonce && hook <= moment).count();
        let is_last = last == Some(nonce);
        let settled = told.outcome.is_settled() && is_last;
        if let Some(arrived) = arrived(known)
            && !settled
            && !refused(view, known, arrived, is_last && told.error == Some("Refused"))
            && heard == 0
        {
            let why = format_args!("nobody was told of nonce {nonce} of call {call}, which is lost");
            verdict.find("I6", Some(moment.at), why);
        }
        // Each send of something that was reported to the hook counts once more.
        if heard > 1 + known.sendings.len() {
            verdict.find(
                "I6",
                Some(moment.at),
                format_args!("nonce {nonce} of call {call} was told {heard} times"),
            );
        }
    }
}

/// Whether a nonce was refused before it ran (or, with `run`, was refused at all), each time it came to the store that it last came
/// to, or after its nonce was claimed there: then it is settled, whatever is said about the other sends.
fn refused(view: &View, known: &OfNonce, last: Moment, run: bool) -> bool {
    let there = view.store_at(last);
    let here = |moment: &Moment| view.store_at(*moment) == there;
    let answers = known.answers.iter().filter(|(at, with)| here(at) && !UNANSWERED.contains(with)).count();
    let received = known.received.iter().filter(|at| here(at)).count();
    let ran = known.runs.iter().any(|(_, store)| *store == there);
    let at_nonce = known.answers.iter().any(|(at, with)| here(at) && *with == REFUSED_AT_NONCE);
    (answers >= received || at_nonce) && (!ran || run)
}

/// Only the send that claimed the nonce gets this answer.
const REFUSED_AT_NONCE: &str = "BadCapGrant";

/// Answers that say nothing.
const UNANSWERED: [&str; 3] = ["nothing, for ever", "without a body", "what nobody can read"];

/// I12: if nothing goes wrong, every call is answered.
fn answered(call: Call, of: &OfCall, verdict: &mut Verdict) {
    let answers = matches!(
        of.does,
        Some(Trait::Read | Trait::Write | Trait::SlowWrite | Trait::Emit | Trait::Big | Trait::Init)
    );
    for (moment, told) in of.told.iter().filter(|(_, told)| answers && told.error.is_some()) {
        // The workload causes this itself: more calls at once than may wait.
        if told.error == Some("Overloaded") {
            continue;
        }
        let error = told.error.unwrap_or_default();
        verdict.find(
            "I12",
            Some(moment.at),
            format_args!("nothing is wrong, and call {call} is told {error}"),
        );
    }
}
