//! A life of one link, as data.

use std::time::Duration;

use super::world::World;
use crate::life::Life;
use crate::mask::Mask;
use crate::net::{Fault, LanePlan};

/// What is drawn for a life. Its elements are the callers' steps, the peer's actions, and the stream's flaws.
#[derive(Clone, Debug)]
pub(crate) struct SessionLife {
    pub(super) whole: usize,
    pub(super) world: World,
    pub(super) steps: Vec<(usize, Step)>,
    pub(super) peer_actions: Vec<(usize, PeerAction)>,
    pub(super) flaws: Vec<(usize, Flaw)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) at: Duration,
    pub(super) yields: u64,
    pub(super) action: Action,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Request(Request),
    Send { n: u64, size: usize, patience: Duration },
    Close,
}

/// A request, and what the peer does with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) n: u64,
    pub(super) size: usize,
    pub(super) patience: Duration,
    /// The caller goes away after this long.
    pub(super) gives_up: Option<Duration>,
    pub(super) answer: Answer,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) after: Duration,
    pub(super) yields: u64,
    pub(super) size: usize,
    pub(super) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Once,
    Twice,
    Never,
    /// Under a key that nobody used.
    Elsewhere,
    Unreadable,
}

/// Something that the peer does by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAction {
    pub(super) at: Duration,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Reads nothing for this long; with `whole` it writes nothing either.
    Freeze {
        lasts: Duration,
        whole: bool,
    },
    Close {
        code: u16,
        reason: &'static str,
    },
    Reset,
    /// The peer is gone, and nobody is told.
    Vanish,
    Push {
        size: usize,
    },
    Ask,
    Garbage,
    Violation,
}

/// A flaw of one direction of the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flaw {
    pub(super) up: bool,
    pub(super) byte: u64,
    pub(super) fault: Fault,
}

impl SessionLife {
    pub(super) fn request(&self, n: u64) -> Option<Request> {
        self.steps.iter().find_map(|(_, step)| match step.action {
            Action::Request(request) if request.n == n => Some(request),
            _ => None,
        })
    }

    pub(super) fn peer_actions(&self) -> impl Iterator<Item = PeerAction> {
        self.peer_actions.iter().map(|(_, action)| *action)
    }

    /// The plan of one direction, with its flaws.
    pub(super) fn lane(&self, up: bool) -> LanePlan {
        let mut plan = if up { self.world.up.clone() } else { self.world.down.clone() };
        plan.faults =
            self.flaws.iter().filter(|(_, flaw)| flaw.up == up).map(|(_, f)| (f.byte, f.fault)).collect();
        plan.faults.sort_by_key(|(byte, _)| *byte);
        plan
    }

    pub(super) fn flaws(&self, of: impl Fn(Fault) -> bool) -> bool {
        self.flaws.iter().any(|(_, flaw)| of(flaw.fault))
    }
}

impl Life for SessionLife {
    fn elements(&self) -> usize {
        self.whole
    }

    fn without(&self, mask: &Mask) -> Self {
        let mut life = self.clone();
        life.steps.retain(|(number, _)| mask.keeps(*number));
        life.peer_actions.retain(|(number, _)| mask.keeps(*number));
        life.flaws.retain(|(number, _)| mask.keeps(*number));
        life
    }

    fn plan(&self) -> Vec<String> {
        let mut lines = vec![format!("{:?}", self.world)];
        lines.extend(self.steps.iter().map(|(number, step)| format!("{number:>3}  {step:?}")));
        lines.extend(self.peer_actions.iter().map(|(number, action)| format!("{number:>3}  {action:?}")));
        lines.extend(self.flaws.iter().map(|(number, flaw)| format!("{number:>3}  {flaw:?}")));
        lines
    }
}

impl Step {
    pub(super) fn request(&self) -> Option<Request> {
        match self.action {
            Action::Request(request) => Some(request),
            Action::Send { .. } | Action::Close => None,
        }
    }
}
