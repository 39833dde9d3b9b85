//! Compares what the engine said with what happened.

mod announcements;
mod ends;
mod pauses;
mod showing;
mod subscribers;
mod waiters;

use super::event::Entries;
use super::life::PersistentLife;
use super::phase;
use super::states;
use crate::finding::Verdict;

pub(super) fn judge(life: &PersistentLife, entries: &Entries, verdict: &mut Verdict) {
    let closing = phase::closing(life, entries);
    announcements::judge(entries, closing, verdict);
    subscribers::judge(life, entries, verdict);
    pauses::judge(life, entries, verdict);
    ends::judge(life, entries, closing, verdict);
    waiters::judge(entries, closing, verdict);
    showing::judge(life, entries, verdict);
    states::reach(life, entries, verdict);
}
