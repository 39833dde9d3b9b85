//! What happens in a life of one link.

mod words;

use std::borrow::Cow;

use ham_session::{LinkEnd, Phase, RequestError};

use crate::history::{Entry, Event};

/// What happened in a life, in order.
pub(super) type Entries = [Entry<Happened>];

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Happened {
    Dials,
    Dialled {
        failed: Option<&'static str>,
    },
    /// A request or send is made.
    Made {
        n: u64,
        send: bool,
    },
    Told {
        n: u64,
        what: CallResult,
    },
    /// The caller went away.
    GaveUp {
        n: u64,
    },
    CloseCalled,
    CloseReturned,
    HandleDropped,
    LinkEnded {
        how: Ended,
    },
    /// A frame from the peer was decoded.
    Heard {
        what: PeerSent,
    },
    Orphan {
        n: u64,
    },
    Skipped,
    Pushed,
    Asked,

    /// The peer accepted a stream.
    Accepted,
    /// Whether the peer reads from now on.
    Reads {
        reads: bool,
    },
    Received {
        what: PeerReceived,
    },
    /// The peer has written a frame.
    Wrote {
        what: PeerSent,
    },
    PeerCloses {
        code: u16,
        reason: &'static str,
    },
    PeerResets,
    PeerVanishes,
    /// The peer's side of the stream is over.
    PeerEnded,

    /// What is left at the end.
    Left {
        tasks: usize,
    },
}

/// What a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CallResult {
    /// The answer, and whether it belongs to this request.
    Answer {
        right: bool,
    },
    /// The send was taken.
    Taken,
    TimedOut {
        sent: bool,
    },
    LinkLost {
        sent: bool,
    },
    Overloaded,
    TooLarge,
    Draining,
    /// `NoKey`, `Encode`, `DuplicateKey`: errors that no life here causes.
    Other,
}

/// How the link ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ended {
    ByPeer { code: u16, reason: String },
    Lost,
    Silent { after_ms: u64 },
    Violation,
    TooLarge,
    TooSlow,
    Stuck,
    Here,
    Other,
}

/// What the peer got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PeerReceived {
    Request(u64),
    Send(u64),
    Probe,
    Keepalive,
    OnLive,
    Reply,
    Unreadable,
}

/// What the peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PeerSent {
    Answer(u64),
    /// An answer to nothing: under another key, or to a probe or keepalive.
    Stray,
    Unreadable(u64),
    Push,
    Ask,
    Garbage,
    Violation,
}

impl CallResult {
    pub(super) fn failed(error: &RequestError) -> Self {
        let sent = |phase: &Phase| *phase == Phase::Sent;
        match error {
            RequestError::Overloaded { .. } | RequestError::OverloadedBytes { .. } => Self::Overloaded,
            RequestError::TimedOut { phase, .. } => Self::TimedOut { sent: sent(phase) },
            RequestError::LinkLost { phase, .. } => Self::LinkLost { sent: sent(phase) },
            RequestError::TooLarge { .. } => Self::TooLarge,
            RequestError::Draining => Self::Draining,
            _ => Self::Other,
        }
    }

    /// Whether it says that the peer knows nothing of it.
    pub(super) fn says_not_sent(self) -> bool {
        match self {
            Self::TimedOut { sent } | Self::LinkLost { sent } => !sent,
            Self::Overloaded | Self::TooLarge | Self::Draining | Self::Other => true,
            Self::Answer { .. } | Self::Taken => false,
        }
    }
}

impl Ended {
    pub(super) fn of(end: &LinkEnd) -> Self {
        match end {
            LinkEnd::ClosedByPeer { code, reason } => Self::ByPeer { code: *code, reason: reason.clone() },
            LinkEnd::Lost(_) => Self::Lost,
            LinkEnd::Silent { after } => Self::Silent { after_ms: after.as_millis() as u64 },
            LinkEnd::ProtocolViolation(_) => Self::Violation,
            LinkEnd::TooLarge { .. } => Self::TooLarge,
            LinkEnd::TooSlow { .. } => Self::TooSlow,
            LinkEnd::Stuck { .. } => Self::Stuck,
            LinkEnd::ClosedHere => Self::Here,
            _ => Self::Other,
        }
    }
}

impl Event for Happened {
    fn actor(&self) -> Cow<'static, str> {
        match self {
            Self::Made { n, send: false } => format!("request {n}").into(),
            Self::Made { n, send: true } => format!("send {n}").into(),
            Self::Told { n, .. } | Self::GaveUp { n } => format!("caller {n}").into(),
            Self::Dials
            | Self::Dialled { .. }
            | Self::CloseCalled
            | Self::CloseReturned
            | Self::HandleDropped
            | Self::LinkEnded { .. } => "link".into(),
            Self::Heard { .. } | Self::Orphan { .. } | Self::Skipped | Self::Pushed | Self::Asked => {
                "inbox".into()
            }
            Self::Accepted
            | Self::Reads { .. }
            | Self::Received { .. }
            | Self::Wrote { .. }
            | Self::PeerCloses { .. }
            | Self::PeerResets
            | Self::PeerVanishes
            | Self::PeerEnded => "peer".into(),
            Self::Left { .. } => "world".into(),
        }
    }

    /// Waiters for the end of one link are woken in no particular order.
    fn unordered(&self) -> Option<u64> {
        match self {
            Self::LinkEnded { .. } => Some(0),
            Self::CloseReturned => Some(1),
            _ => None,
        }
    }
}
