//! The states that lives of the engine are meant to reach.

use super::event::{Answer, Call, EngineEvent, EngineState, Happened};
use super::life::{PersistentLife, Retry};
use super::phase::{Follower, Phase};
use crate::finding::Verdict;
use crate::history::Entry;

pub(super) const STATES: &[&str] = &[
    "close while an outage is announced",
    "close while the address is asked for",
    "close while the address is announced",
    "close while dialing",
    "close while a failure is announced",
    "close while waiting",
    "close while a link is announced",
    "close while a link is announced that is lost",
    "close while live",
    "close while a loss is announced",
    "last drop while an outage is announced",
    "last drop while the address is asked for",
    "last drop while the address is announced",
    "last drop while dialing",
    "last drop while a failure is announced",
    "last drop while waiting",
    "last drop while a link is announced",
    "last drop while a link is announced that is lost",
    "last drop while live",
    "last drop while a loss is announced",
    "redial while an outage is announced",
    "redial while the address is asked for",
    "redial while the address is announced",
    "redial while dialing",
    "redial while a failure is announced",
    "redial while waiting",
    "redial while a link is announced",
    "redial while a link is announced that is lost",
    "redial while live",
    "redial while a loss is announced",
    "close after the link while an outage is announced",
    "close after the link while the address is asked for",
    "close after the link while the address is announced",
    "close after the link while dialing",
    "close after the link while a failure is announced",
    "close after the link while waiting",
    "close after the link while a link is announced",
    "close after the link while a link is announced that is lost",
    "close after the link while live",
    "close after the link while a loss is announced",
    "a link that comes up though it is to be closed",
    "a link lost while it is announced, which was to be the last",
    "a link lost in the millisecond in which it came up",
    "an attempt dropped",
    "a failure that is not announced again",
    "a failure for good that closes",
    "a failure for good that does not",
    "a subscriber that missed events",
    "a subscriber after the end",
    "a waiter told of a link",
    "a waiter told of a failure",
    "a waiter told of the end",
    "a waiter that gave up",
    "started by its first link",
    "the first attempt failed, and nothing is left",
    "the first attempt given up",
    "fixed delays",
    "growing delays with patience",
    "growing delays, reset by any link",
    "growing delays, reset by a stable link only",
    "five attempts in one outage",
    "three links",
];

const PHASES: usize = 10;

pub(super) fn reach(life: &PersistentLife, entries: &[Entry<Happened>], verdict: &mut Verdict) {
    let mut tally = Tally::new();
    for entry in entries {
        tally.see(life, entry, verdict);
        tally.follower.see(&entry.event);
    }
    verdict.reach(match life.world.retry {
        Retry::Fixed { .. } => "fixed delays",
        Retry::Exponential { patience: Some(_), .. } => "growing delays with patience",
        Retry::Exponential { stable_after: None, .. } => "growing delays, reset by any link",
        Retry::Exponential { .. } => "growing delays, reset by a stable link only",
    });
}

struct Tally {
    follower: Follower,
    closing: bool,
    after_link: bool,
    up_at: Option<std::time::Duration>,
    failed: bool,
    finished: bool,
    links: u32,
}

impl Tally {
    fn new() -> Self {
        Self {
            follower: Follower::new(),
            closing: false,
            after_link: false,
            up_at: None,
            failed: false,
            finished: false,
            links: 0,
        }
    }

    fn see(&mut self, life: &PersistentLife, entry: &Entry<Happened>, verdict: &mut Verdict) {
        let phase = self.follower.phase;
        let mut at_phase = |kind: usize| verdict.reach(STATES[kind * PHASES + place(phase)]);
        match &entry.event {
            Happened::Called { call, .. } if !self.closing => match call {
                Call::Close => {
                    self.closing = true;
                    at_phase(0);
                }
                Call::Redial => at_phase(2),
                Call::CloseAfterLink => {
                    self.after_link = true;
                    self.closing = !self.follower.has_link();
                    at_phase(3);
                }
            },
            Happened::LastHandleDropped if !self.closing => {
                self.closing = true;
                at_phase(1);
            }
            Happened::Dialed { link: Ok(_), .. } => {
                self.up_at = Some(entry.at);
                self.links += 1;
                if self.closing {
                    verdict.reach("a link that comes up though it is to be closed");
                }
                if self.links == 3 {
                    verdict.reach("three links");
                }
            }
            Happened::LinkLost { .. } => {
                if self.after_link && !self.closing && phase == Phase::Greeting {
                    verdict.reach("a link lost while it is announced, which was to be the last");
                }
                if self.up_at == Some(entry.at) {
                    verdict.reach("a link lost in the millisecond in which it came up");
                }
            }
            Happened::Abandoned { .. } => verdict.reach("an attempt dropped"),
            Happened::Dialed { link: Err(refusal), .. } | Happened::Address { place: Err(refusal), .. } => {
                self.failed = true;
                if refusal.permanent && !life.world.stop_on_permanent {
                    verdict.reach("a failure for good that does not");
                }
                if refusal.permanent && life.world.stop_on_permanent {
                    self.closing = true;
                    verdict.reach("a failure for good that closes");
                }
            }
            Happened::Published { event, .. } => {
                if matches!(event, EngineEvent::Failed(_)) {
                    self.failed = false;
                }
            }
            Happened::Asked { .. } if std::mem::take(&mut self.failed) => {
                verdict.reach("a failure that is not announced again");
            }
            Happened::Watched { state: EngineState::Dialing(5) } => {
                verdict.reach("five attempts in one outage")
            }
            Happened::Missed { .. } => verdict.reach("a subscriber that missed events"),
            Happened::Finished => self.finished = true,
            Happened::Subscribed { .. } if self.finished => verdict.reach("a subscriber after the end"),
            Happened::Told { what, .. } => self.told(life, *what, verdict),
            _ => {}
        }
    }

    fn told(&self, life: &PersistentLife, what: Answer, verdict: &mut Verdict) {
        let starting = life.world.connected_first.is_some() && self.links <= 1 && !self.finished;
        verdict.reach(match what {
            Answer::Link(_) => "a waiter told of a link",
            Answer::Failed(_) if starting => "the first attempt failed, and nothing is left",
            Answer::Failed(_) => "a waiter told of a failure",
            Answer::Closed(_) => "a waiter told of the end",
            Answer::GaveUp if starting => "the first attempt given up",
            Answer::GaveUp => "a waiter that gave up",
            Answer::Done if starting => "started by its first link",
            Answer::Done => return,
        });
    }
}

fn place(phase: Phase) -> usize {
    match phase {
        Phase::AnnouncingOutage => 0,
        Phase::Resolving => 1,
        Phase::AnnouncingAddress => 2,
        Phase::Dialing => 3,
        Phase::AnnouncingFailure => 4,
        Phase::Waiting => 5,
        Phase::Greeting => 6,
        Phase::LostWhileGreeting => 7,
        Phase::Live => 8,
        Phase::AnnouncingLoss => 9,
    }
}
