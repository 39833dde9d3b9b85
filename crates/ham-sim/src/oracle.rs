//! Compares what was said with what happened.

mod effect;
mod fence;
mod link;
mod outcome;
mod sendings;
mod states;
mod time;
mod view;

use crate::event::Happened;
use crate::finding::Verdict;
use crate::history::History;
use crate::plan::HamLife;

pub(crate) use states::STATES;
use view::View;

/// Every invariant, one after the other.
pub(crate) fn judge(life: &HamLife, history: &History<Happened>, verdict: &mut Verdict) {
    let view = View::of(history);
    outcome::judge(life, &view, verdict);
    effect::judge(&view, verdict);
    fence::judge(&view, verdict);
    link::judge(history, verdict);
    sendings::judge(history, verdict);
    time::judge(history, verdict);
    states::reach(history, verdict);
}
