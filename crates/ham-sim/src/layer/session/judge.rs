//! Compares what the link said with what happened.

mod calls;
mod ends;
mod life_signs;
mod times;

use super::event::Entries;
use super::life::SessionLife;
use super::states;
use crate::finding::Verdict;

pub(super) fn judge(life: &SessionLife, entries: &Entries, verdict: &mut Verdict) {
    calls::judge(life, entries, verdict);
    times::judge(life, entries, verdict);
    life_signs::judge(life, entries, verdict);
    ends::judge(life, entries, verdict);
    states::reach(life, entries, verdict);
}
