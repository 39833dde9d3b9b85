//! The history, by call and nonce.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::event::{Call, Cause, Happened, Nonce, Outcome, Told};
use crate::history::History;
use crate::model::Trait;

/// A moment: the position in the history, and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub(super) place: usize,
    pub(super) at: Duration,
}

/// What is known of one call.
#[derive(Debug, Default)]
pub(super) struct OfCall {
    /// Made at once, rather than prepared first; how often it may run.
    pub(super) made: Option<u32>,
    pub(super) does: Option<Trait>,
    pub(super) nonces: BTreeSet<Nonce>,
    pub(super) told: Vec<(Moment, Told)>,
    pub(super) hooks: Vec<(Moment, Nonce, Outcome)>,
}

/// What is known of one nonce.
#[derive(Debug, Default)]
pub(super) struct OfNonce {
    pub(super) received: Vec<Moment>,
    pub(super) claimed: Vec<(Moment, bool)>,
    pub(super) forgotten: bool,
    pub(super) runs: Vec<(Moment, u32)>,
    pub(super) wrote: Vec<(Moment, u32)>,
    pub(super) answers: Vec<(Moment, &'static str)>,
    /// Sends of it as it is: their task, when they began, and when their owner was told.
    pub(super) sendings: Vec<(u32, Moment, Option<Moment>)>,
    pub(super) fences: Vec<(Moment, Option<&'static str>)>,
    pub(super) on_chain: usize,
}

/// The history, by call and nonce.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) calls: BTreeMap<Call, OfCall>,
    pub(super) nonces: BTreeMap<Nonce, OfNonce>,
    /// When the world healed.
    pub(super) drain: Option<Moment>,
    /// Older stores that were restored.
    pub(super) stores: Vec<(Moment, u32)>,
    pub(super) crashed: bool,
}

impl View {
    pub(super) fn of(history: &History<Happened>) -> Self {
        let mut view = Self::default();
        for (place, entry) in history.entries.iter().enumerate() {
            view.take(Moment { place, at: entry.at }, &entry.event);
        }
        view
    }

    fn take(&mut self, moment: Moment, happened: &Happened) {
        match happened {
            Happened::Made { call, times, does, .. } => {
                let of = self.calls.entry(*call).or_default();
                (of.made, of.does) = (Some(*times), Some(*does));
            }
            Happened::Prepared { call, nonce, does, .. } => {
                let of = self.calls.entry(*call).or_default();
                of.does = Some(*does);
                of.nonces.insert(*nonce);
            }
            Happened::Sent { task, nonce, .. } => {
                self.nonces.entry(*nonce).or_default().sendings.push((*task, moment, None));
            }
            Happened::Received { call: Some(call), nonce, .. } => {
                self.calls.entry(*call).or_default().nonces.insert(*nonce);
                self.nonces.entry(*nonce).or_default().received.push(moment);
            }
            Happened::Claimed { nonce, fence } => {
                self.nonces.entry(*nonce).or_default().claimed.push((moment, *fence));
            }
            Happened::Forgotten { nonce } => self.nonces.entry(*nonce).or_default().forgotten = true,
            Happened::RunBegan { nonce, store, .. } => {
                self.nonces.entry(*nonce).or_default().runs.push((moment, *store));
            }
            Happened::Committed { cause: Cause::Write(nonce), store, .. } => {
                self.nonces.entry(*nonce).or_default().wrote.push((moment, *store));
            }
            Happened::Answered { nonce, with } => {
                self.nonces.entry(*nonce).or_default().answers.push((moment, with));
            }
            Happened::Told { task, told } => {
                self.calls.entry(told.call).or_default().told.push((moment, *told));
                if let Some(known) = told.of.and_then(|nonce| self.nonces.get_mut(&nonce)) {
                    let mut open =
                        known.sendings.iter_mut().filter(|(by, _, end)| by == task && end.is_none());
                    if let Some((_, _, end)) = open.next() {
                        *end = Some(moment);
                    }
                }
            }
            Happened::Restored { store } => self.stores.push((moment, *store)),
            Happened::Hook { call, nonce, outcome } => {
                let of = self.calls.entry(*call).or_default();
                of.hooks.push((moment, *nonce, *outcome));
                of.nonces.insert(*nonce);
            }
            Happened::FenceBegan { nonce, .. } => {
                self.nonces.entry(*nonce).or_default().fences.push((moment, None));
            }
            Happened::Fenced { nonce, verdict, .. } => {
                self.nonces.entry(*nonce).or_default().fences.push((moment, Some(verdict)));
            }
            Happened::OnChain { cause: Cause::Write(nonce), .. } => {
                self.nonces.entry(*nonce).or_default().on_chain += 1;
            }
            Happened::Crashed { .. } => self.crashed = true,
            Happened::Drain => self.drain = Some(moment),
            Happened::Committed { .. }
            | Happened::Asked { .. }
            | Happened::Entered { .. }
            | Happened::KeyKept { .. }
            | Happened::PowerCut { .. }
            | Happened::Received { call: None, .. }
            | Happened::Accepted { .. }
            | Happened::OnChain { .. }
            | Happened::FaultInjected { .. }
            | Happened::Dial { .. }
            | Happened::Redial { .. }
            | Happened::Heard { .. }
            | Happened::Gap { .. }
            | Happened::Words(..)
            | Happened::Late { .. }
            | Happened::Broken { .. } => {}
        }
    }

    /// The store that was in use at the end.
    pub(super) fn last_store(&self) -> u32 {
        self.stores.last().map_or(0, |(_, store)| *store)
    }

    /// The store that was in use at a moment.
    pub(super) fn store_at(&self, moment: Moment) -> u32 {
        let before = self.stores.iter().take_while(|(restored, _)| *restored < moment);
        before.last().map_or(0, |(_, store)| *store)
    }

    /// The nonces about which the owner of a call was told something.
    pub(super) fn nonces_told<'a>(
        &'a self,
        of: &'a OfCall,
        told: &'a Told,
    ) -> impl Iterator<Item = (Nonce, &'a OfNonce)> + 'a {
        self.nonces_of(of).filter(|(nonce, _)| told.of.is_none_or(|only| only == *nonce))
    }

    /// The nonces of a call, with what is known about them.
    pub(super) fn nonces_of<'a>(&'a self, of: &'a OfCall) -> impl Iterator<Item = (Nonce, &'a OfNonce)> + 'a {
        of.nonces.iter().filter_map(|nonce| Some((*nonce, self.nonces.get(nonce)?)))
    }
}

impl OfNonce {
    /// Whether its owner was sending it, or sent it again, after one moment and before another.
    pub(super) fn sent_between(&self, after: Moment, before: Moment) -> bool {
        let open = |end: &Option<Moment>| end.is_none_or(|end| end > after);
        self.sendings.iter().any(|(_, begin, end)| *begin < before && open(end))
    }
}
