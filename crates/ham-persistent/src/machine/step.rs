//! What goes into the machine and what comes out.

use std::sync::Arc;

use tokio::time::Instant;

use crate::command::Command;
use crate::error::Failure;
use crate::state::State;

/// What the driver tells the machine.
#[derive(Debug)]
pub(crate) enum Input<A> {
    Address(A),
    Announced,
    AttemptFailed(Failure),
    Command {
        command: Command,
        /// Whether the activity that the machine last wanted is under way; if not, and another one follows, it never will be.
        begun: bool,
    },
    Dialed,
    LinkClosed,
    LinkLost(Arc<str>),
    WaitOver,
}

/// What the driver does with its result: effects at once and in order, then the next activity.
#[derive(Debug, PartialEq)]
pub(crate) struct Step<A> {
    pub(crate) effects: Vec<Effect>,
    pub(crate) next: Next<A>,
}

/// What the driver does at once.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// The link is gone.
    DropLink,
    /// Nobody gets the link any more and its end is no longer news, but it still has to be closed.
    RetireLink,
    /// Tell those who wait for an outcome, and log it.
    ReportFailure {
        attempt: u32,
        severity: Severity,
    },
    SetState(State),
    /// The dialled link is now the current one.
    TakeLink {
        failures: u32,
    },
}

/// How loudly a failure is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Warn,
    Error,
}

/// What becomes of the driver's activity.
#[derive(Debug, PartialEq)]
pub(crate) enum Next<A> {
    End,
    Keep,
    /// Drop the one under way and start this one.
    Start(Activity<A>),
}

/// The one thing that the driver is busy with. Its end is an [`Input`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Activity<A> {
    /// Publish the event and run the callback to its end.
    Announce(Announcement<A>),
    /// Publish the event and run the callback up to its first await: after close, nothing waits for a callback.
    AnnounceLast(Announcement<A>),
    CloseLink,
    Connect(A),
    ObtainAddress,
    Wait(Instant),
    WatchLink,
}

/// An event, without the connection and error, which only the driver knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Announcement<A> {
    AttemptingToConnect,
    ObtainedAddress(A),
    FailedToConnect,
    Connected,
    Disconnected,
}

impl<A> Next<A> {
    /// The activity to start, if there is one.
    pub(crate) fn activity(self) -> Option<Activity<A>> {
        match self {
            Self::Start(activity) => Some(activity),
            Self::End | Self::Keep => None,
        }
    }
}

impl<A> Step<A> {
    pub(super) fn keep() -> Self {
        Self { effects: Vec::new(), next: Next::Keep }
    }

    /// This step with `effects` before its own.
    pub(super) fn after<const N: usize>(mut self, effects: [Effect; N]) -> Self {
        self.effects.splice(0..0, effects);
        self
    }
}
