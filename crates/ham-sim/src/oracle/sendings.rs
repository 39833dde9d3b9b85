//! How often the same bytes are sent: I5, I15.

use std::collections::{BTreeMap, BTreeSet};

use ham::MAX_RESUMES;

use crate::event::{Happened, Nonce};
use crate::finding::Verdict;
use crate::history::History;

/// What the conductor has read about one nonce since its cell started.
#[derive(Default)]
struct OfNonce {
    calls: u32,
    fences: u32,
    /// How many owners have requested a send, and a fence.
    senders: u32,
    fencers: u32,
}

pub(super) fn judge(history: &History<Happened>, verdict: &mut Verdict) {
    let mut fast = BTreeSet::new();
    let mut nonces: BTreeMap<Nonce, OfNonce> = BTreeMap::new();
    for entry in &history.entries {
        let at = Some(entry.at);
        match &entry.event {
            Happened::Made { call, fast: true, .. } => drop(fast.insert(*call)),
            Happened::Sent { nonce, .. } => nonces.entry(*nonce).or_default().senders += 1,
            Happened::FenceBegan { nonce, .. } => nonces.entry(*nonce).or_default().fencers += 1,
            // A cell that is starting is asked again.
            Happened::Answered { nonce, with: "cell not running" | "cell disabled" } => {
                let known = nonces.entry(*nonce).or_default();
                (known.calls, known.fences) = (0, 0);
            }
            Happened::Received { call: Some(call), nonce, .. } => {
                let known = nonces.entry(*nonce).or_default();
                known.calls += 1;
                if known.calls == 2 && known.senders == 0 && fast.contains(call) {
                    verdict.find(
                        "I5",
                        at,
                        format_args!("call {call} fails with its link, and was sent on two"),
                    );
                }
                if known.calls == most(known.senders + 1) {
                    verdict.find(
                        "I15",
                        at,
                        format_args!("call {call} was lost with {} links", known.calls - 1),
                    );
                }
            }
            Happened::Received { call: None, nonce, .. } => {
                let known = nonces.entry(*nonce).or_default();
                known.fences += 1;
                if known.fences == most(known.fencers) {
                    let links = known.fences - 1;
                    verdict.find(
                        "I15",
                        at,
                        format_args!("a fence of nonce {nonce} was lost with {links} links"),
                    );
                }
            }
            _ => {}
        }
    }
}

/// One send more than this many owners may make without an answer.
fn most(owners: u32) -> u32 {
    owners.saturating_mul(MAX_RESUMES + 1).saturating_add(1)
}
