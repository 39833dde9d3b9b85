//! Where the machine is.

use tokio::time::Instant;

use super::step::{Announcement, Effect};
use crate::error::Cause;
use crate::state::State;

/// Where the machine is: [`State`] in finer steps, one for each thing the driver can be busy with.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub(super) enum Phase<A> {
    Announcing,
    Resolving,
    AnnouncingAddress(A),
    Connecting,
    AnnouncingFailure(Pause),
    Waiting(Pause),
    /// The link is up; `Connected`'s callback runs.
    Greeting,
    /// The link is down again; `Connected`'s callback still runs.
    LostWhileGreeting(Pause),
    Live,
    AnnouncingLoss(Pause),
    Closing(Option<Announcement<A>>),
    LastWords,
}

#[derive(Debug, Clone)]
pub(super) struct Pause {
    pub(super) attempt: u32,
    pub(super) until: Instant,
    pub(super) cause: Cause,
}

impl Pause {
    pub(super) fn state(&self) -> Effect {
        Effect::SetState(State::BackingOff {
            attempt: self.attempt,
            until: self.until,
            cause: self.cause.clone(),
        })
    }
}
