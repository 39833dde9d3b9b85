//! What happens in a life of the engine.

mod words;

use std::borrow::Cow;

use ham_persistent::{Cause, State};

use super::life::Refusal;
use crate::history::{Entry, Event};

/// What happened in a life, in order.
pub(super) type Entries = [Entry<Happened>];

/// What happened. Attempts, links, events and handles are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Happened {
    /// The connector is asked for an address.
    Asked {
        attempt: u64,
    },
    Address {
        attempt: u64,
        place: Result<u8, Refusal>,
    },
    Dialing {
        attempt: u64,
    },
    /// The link is up, if there is one.
    Dialed {
        attempt: u64,
        link: Result<u64, Refusal>,
    },
    /// The engine dropped the attempt.
    Abandoned {
        attempt: u64,
    },
    LinkLost {
        link: u64,
    },
    CloseBegan {
        link: u64,
    },
    CloseEnded {
        link: u64,
    },
    /// An event is published and its callback begins. The state is the one that handles show at this moment.
    Published {
        nth: u64,
        event: EngineEvent,
        state: EngineState,
    },
    CallbackEnded {
        nth: u64,
    },
    CallbackDropped {
        nth: u64,
    },
    /// The next event of this subscriber would be the one with this number.
    Subscribed {
        subscriber: u64,
    },
    Heard {
        subscriber: u64,
        event: EngineEvent,
    },
    Missed {
        subscriber: u64,
        count: u64,
    },
    BusEnded {
        subscriber: u64,
    },
    /// The subscriber went away.
    Unsubscribed {
        subscriber: u64,
    },
    /// A watcher saw this state.
    Watched {
        state: EngineState,
    },
    /// `close` or a similar method was called.
    Called {
        by: Caller,
        call: Call,
    },
    LastHandleDropped,
    Waits {
        waiter: u64,
        call: Wait,
    },
    Told {
        waiter: u64,
        what: Answer,
    },
    /// `close_finished` resolved.
    Finished,
    /// Faults are over.
    Healed,
    /// What is left at the end.
    Left {
        tasks: usize,
    },
}

/// An event of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EngineEvent {
    Attempting,
    Address(u8),
    Failed(Refusal),
    Connected(u64),
    Disconnected,
}

/// A state of the engine, as far as it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EngineState {
    Dialing(u32),
    Live,
    BackingOff(u32),
    Closed(CloseCause),
    /// There was no handle yet.
    Unknown,
}

/// Why it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CloseCause {
    Called,
    LastHandleDropped,
    AttemptFailed,
    LinkLost,
    DriverEnded,
}

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    Step,
    Callback,
    Connector,
    Drain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Close,
    CloseAfterLink,
    Redial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wait {
    Spawned,
    Connected,
    Outcome,
    Close,
}

/// What a waiter was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Link(u64),
    Failed(Refusal),
    Closed(CloseCause),
    /// `close` has finished.
    Done,
    /// The waiter's patience ended first.
    GaveUp,
}

impl EngineState {
    pub(super) fn of(state: &State) -> Self {
        match state {
            State::Dialing { attempt } => Self::Dialing(*attempt),
            State::Live { .. } => Self::Live,
            State::BackingOff { attempt, .. } => Self::BackingOff(*attempt),
            State::Closed { cause } => Self::Closed(CloseCause::of(cause)),
        }
    }
}

impl CloseCause {
    pub(super) fn of(cause: &Cause) -> Self {
        match cause {
            Cause::AttemptFailed(_) => Self::AttemptFailed,
            Cause::CloseCalled => Self::Called,
            Cause::LastHandleDropped => Self::LastHandleDropped,
            Cause::LinkLost { .. } => Self::LinkLost,
            // No life here can have a cause that is new.
            _ => Self::DriverEnded,
        }
    }
}

impl Event for Happened {
    fn actor(&self) -> Cow<'static, str> {
        match self {
            Self::Asked { .. }
            | Self::Address { .. }
            | Self::Dialing { .. }
            | Self::Dialed { .. }
            | Self::Abandoned { .. } => "connector".into(),
            Self::LinkLost { link } | Self::CloseBegan { link } | Self::CloseEnded { link } => {
                format!("link {link}").into()
            }
            Self::Published { .. } | Self::CallbackEnded { .. } | Self::CallbackDropped { .. } => {
                "callback".into()
            }
            Self::Subscribed { subscriber }
            | Self::Heard { subscriber, .. }
            | Self::Missed { subscriber, .. }
            | Self::BusEnded { subscriber }
            | Self::Unsubscribed { subscriber } => format!("subscriber {subscriber}").into(),
            Self::Watched { .. } => "watcher".into(),
            Self::Waits { waiter, .. } | Self::Told { waiter, .. } => format!("waiter {waiter}").into(),
            Self::Called { .. } | Self::LastHandleDropped | Self::Finished => "handle".into(),
            Self::Healed | Self::Left { .. } => "world".into(),
        }
    }

    /// Several waiters of one engine are woken in no particular order.
    fn unordered(&self) -> Option<u64> {
        match self {
            Self::Told { waiter, .. } => Some(*waiter),
            Self::Finished => Some(0),
            _ => None,
        }
    }
}
