//! I15 and I18: the way a link ends is reported, and nothing is left of it.

use crate::finding::Verdict;
use crate::layer::session::event::{Ended, Entries, Happened};
use crate::layer::session::life::{Action, SessionLife, What};
use crate::layer::session::world::{Address, Upgrade, Welcome};
use crate::net::Fault;

pub(super) fn judge(life: &SessionLife, entries: &Entries, verdict: &mut Verdict) {
    for (index, entry) in entries.iter().enumerate() {
        let wrong = match &entry.event {
            Happened::LinkEnded { how } => {
                cause(life, &entries[..index], how).map(|words| ("I15-cause", words))
            }
            Happened::Dialled { failed: Some(why) } if life.is_calm() => {
                Some(("I12-dial", format!("{why}, in a calm life")))
            }
            Happened::Left { tasks } if *tasks > 0 && !life.closes_for_ever() => {
                Some(("I18-tasks", format!("{tasks} tasks are left")))
            }
            _ => None,
        };
        if let Some((invariant, words)) = wrong {
            verdict.find(invariant, Some(entry.at), words);
        }
    }
    socket(life, entries, verdict);
}

/// Whether the reported cause really occurred.
fn cause(life: &SessionLife, before: &Entries, how: &Ended) -> Option<String> {
    let did = |what: fn(&What) -> bool| life.peer_actions().any(|action| what(&action.what));
    let flipped = life.flaws(|fault| fault == Fault::Flip);
    let cut = life.flaws(|fault| matches!(fault, Fault::Reset | Fault::Fin));
    let known = match how {
        Ended::ByPeer { code, reason } => before.iter().any(|entry| match entry.event {
            Happened::PeerCloses { code: sent, reason: why } => sent == *code && why == reason,
            _ => false,
        }),
        Ended::Lost => cut || did(|what| matches!(what, What::Reset)),
        // I14 checks whether it was.
        Ended::Silent { .. } | Ended::Stuck => true,
        Ended::Violation => did(|what| matches!(what, What::Violation)),
        Ended::TooLarge => {
            let limit = life.world.numbers.largest;
            let answers = life.steps.iter().filter_map(|(_, step)| step.request());
            answers.map(|request| request.answer.size).any(|size| size > limit)
                || life
                    .peer_actions()
                    .any(|action| matches!(action.what, What::Push { size } if size > limit))
        }
        Ended::TooSlow => life.flaws(|fault| matches!(fault, Fault::Stall(_) | Fault::Drip | Fault::Hole)),
        Ended::Here => before.iter().any(|entry| entry.event == Happened::CloseCalled),
        Ended::Other => false,
    };
    (!known && !flipped).then(|| format!("{how:?}, which did not happen"))
}

/// The peer sees the end of the stream.
fn socket(life: &SessionLife, entries: &Entries, verdict: &mut Verdict) {
    let lasting = life.flaws(|_| true)
        || life.world.upgrade == Upgrade::Never
        || life.peer_actions().any(|action| matches!(action.what, What::Vanish | What::Freeze { .. }));
    let count = |of: Happened| entries.iter().filter(|entry| entry.event == of).count();
    let reads = entries.iter().rev().find_map(|entry| match entry.event {
        Happened::Reads { reads } => Some(reads),
        _ => None,
    });
    if !lasting && reads != Some(false) && count(Happened::Accepted) > count(Happened::PeerEnded) {
        verdict.find("I18-socket", None, "the peer never sees the end of the stream");
    }
}

impl SessionLife {
    /// Whether a close may take for ever.
    fn closes_for_ever(&self) -> bool {
        let numbers = self.world.numbers;
        numbers.drain.saturating_add(numbers.close) == std::time::Duration::MAX
    }
    /// Whether nothing is wrong with the peer, the stream or the numbers.
    pub(super) fn is_calm(&self) -> bool {
        let world = &self.world;
        let (Upgrade::After(upgrade), Welcome::After(welcome)) = (world.upgrade, world.welcome) else {
            return false;
        };
        let dial =
            upgrade + welcome + std::time::Duration::from_millis(8 * (world.up.latency + world.down.latency));
        let whole =
            self.flaws.is_empty() && self.peer_actions.is_empty() && world.addresses == [Address::Good];
        let silent = world.numbers.silence.is_some();
        let closes = self.steps.iter().any(|(_, step)| matches!(step.action, Action::Close));
        whole && !silent && !closes && dial < world.numbers.connect
    }
}
