//! What a call's owner is told about the chain: I3, I9.

use super::view::{Moment, OfNonce, View};
use crate::event::Outcome;
use crate::finding::Verdict;

pub(super) fn judge(view: &View, verdict: &mut Verdict) {
    for (call, of) in &view.calls {
        // The call's own writes, not those of `init`, nor those that came back through other cells.
        for (moment, told) in of.told.iter().filter(|(_, told)| told.nothing) {
            for (nonce, known) in view.nonces_told(of, told).filter(|(_, known)| !known.forgotten) {
                let counts = |wrote: Moment| wrote < *moment || !known.sent_between(*moment, wrote);
                // What an older store does not hold is not there.
                let there = view.store_at(*moment);
                let wrote = known.wrote.iter().find(|(wrote, store)| *store >= there && counts(*wrote));
                if let Some((wrote, _)) = wrote {
                    let when = wrote.at.as_millis();
                    let why = format_args!(
                        "call {call} is said to have written nothing, and wrote at {when} ms, nonce {nonce}"
                    );
                    verdict.find("I3", Some(moment.at), why);
                }
            }
        }
        reconcile(view, *call, of, verdict);
    }
}

/// I9: an owner that fences everything reported to its hook knows whether the call ran.
fn reconcile(view: &View, call: u32, of: &super::view::OfCall, verdict: &mut Verdict) {
    let own = of.told.iter().find(|(_, told)| told.of.is_none());
    let lost = own.is_some_and(|(_, told)| matches!(told.outcome, Outcome::Unknown | Outcome::Arrived));
    if of.made.is_none() || !lost || of.hooks.is_empty() {
        return;
    }
    let never_ran = |nonce| {
        let known = view.nonces.get(nonce);
        known.is_some_and(|known| known.fences.iter().any(|(_, verdict)| *verdict == Some("NeverRan")))
    };
    let all = of.hooks.iter().all(|(_, nonce, _)| never_ran(nonce));
    // An older store that came back has forgotten what has been written since, and its nonce.
    let there = view.last_store();
    let wrote = |known: &OfNonce| known.wrote.iter().any(|(_, store)| *store >= there) && !known.forgotten;
    if all && let Some((nonce, known)) = view.nonces_of(of).find(|(_, known)| wrote(known)) {
        let at = known.wrote.first().map(|(wrote, _)| wrote.at);
        let why = format_args!(
            "all that was told of call {call} never ran, and the chain has its entry, nonce {nonce}"
        );
        verdict.find("I9", at, why);
    }
}
