//! What the engine is busy with at each moment, and when and why it must close, according to the history alone.

use std::time::Duration;

use super::event::{Call, EngineEvent, Happened};
use super::life::{PersistentLife, Refusal};
use crate::history::Entry;

/// What the engine is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    AnnouncingOutage,
    Resolving,
    AnnouncingAddress,
    Dialing,
    AnnouncingFailure,
    Waiting,
    Greeting,
    LostWhileGreeting,
    Live,
    AnnouncingLoss,
}

/// Follows the engine through its phases.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) phase: Phase,
    failed: Option<Refusal>,
}

impl Follower {
    pub(super) fn new() -> Self {
        Self { phase: Phase::AnnouncingOutage, failed: None }
    }

    pub(super) fn see(&mut self, event: &Happened) {
        self.phase = match event {
            Happened::Asked { .. } => Phase::Resolving,
            Happened::Dialing { .. } => Phase::Dialing,
            Happened::Address { place: Err(refusal), .. } | Happened::Dialed { link: Err(refusal), .. } => {
                // One that was already announced is followed by its wait at once.
                self.failed = Some(*refusal);
                Phase::Waiting
            }
            Happened::Address { place: Ok(_), .. } => Phase::Dialing,
            Happened::Dialed { link: Ok(_), .. } => Phase::Greeting,
            Happened::Published { event, .. } => match event {
                EngineEvent::Attempting => Phase::AnnouncingOutage,
                EngineEvent::Address(_) => Phase::AnnouncingAddress,
                EngineEvent::Failed(_) => Phase::AnnouncingFailure,
                EngineEvent::Connected(_) => Phase::Greeting,
                EngineEvent::Disconnected => Phase::AnnouncingLoss,
            },
            Happened::LinkLost { .. } => match self.phase {
                Phase::Greeting => Phase::LostWhileGreeting,
                phase => phase,
            },
            Happened::CallbackEnded { .. } => match self.phase {
                Phase::Greeting => Phase::Live,
                Phase::AnnouncingFailure | Phase::AnnouncingLoss => Phase::Waiting,
                phase => phase,
            },
            _ => self.phase,
        };
    }

    /// Whether there is a link that has not ended.
    pub(super) fn has_link(&self) -> bool {
        matches!(self.phase, Phase::Greeting | Phase::Live)
    }
}

/// From when on the connection must be closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// The entry that decides this.
    pub(super) index: usize,
    pub(super) at: Duration,
    pub(super) why: Decided,
}

/// What decides that a connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    Called,
    LastHandle,
    Failure,
    /// The link that was to be the last one ended.
    LinkEnd,
}

/// What decides that the connection closes, and when.
pub(super) fn closing(life: &PersistentLife, entries: &[Entry<Happened>]) -> Option<Closing> {
    let mut had_link = false;
    let mut link_open = false;
    let mut after_link = false;
    for (index, entry) in entries.iter().enumerate() {
        let why = match &entry.event {
            Happened::Called { call: Call::Close, .. } => Some(Decided::Called),
            Happened::Called { call: Call::CloseAfterLink, .. } => {
                after_link = true;
                let why = if greets(&entries[..index]) { Decided::LinkEnd } else { Decided::Called };
                (!link_open).then_some(why)
            }
            Happened::LastHandleDropped => Some(Decided::LastHandle),
            Happened::Address { place: Err(refusal), .. } | Happened::Dialed { link: Err(refusal), .. } => {
                let first = life.world.connected_first.is_some() && !had_link;
                let stop = life.world.stop_on_permanent && refusal.permanent;
                (first || stop).then_some(Decided::Failure)
            }
            Happened::Dialed { link: Ok(_), .. } => {
                had_link = true;
                link_open = true;
                None
            }
            Happened::LinkLost { .. } => {
                link_open = false;
                after_link.then_some(Decided::LinkEnd)
            }
            _ => None,
        };
        if let Some(why) = why {
            let at = if why == Decided::LinkEnd { greeted(entries, index) } else { entry.at };
            return Some(Closing { index, at, why });
        }
    }
    None
}

/// Whether the callback of `Connected` runs.
fn greets(before: &[Entry<Happened>]) -> bool {
    let running = before.iter().rev().find_map(|entry| match entry.event {
        Happened::Published { event, .. } => Some(matches!(event, EngineEvent::Connected(_))),
        Happened::CallbackEnded { .. } | Happened::CallbackDropped { .. } => Some(false),
        _ => None,
    });
    running == Some(true)
}

/// When the end of a link is acted on: it waits for the callback of `Connected`.
fn greeted(entries: &[Entry<Happened>], index: usize) -> Duration {
    let over =
        |event: &Happened| matches!(event, Happened::CallbackEnded { .. } | Happened::CallbackDropped { .. });
    let waits = greets(&entries[..index]);
    let end = entries[index..].iter().find(|entry| waits && over(&entry.event));
    end.unwrap_or(&entries[index]).at
}
