//! Why a request or a send failed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Delivery, LinkEnd, Recovery};

/// How far a frame got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It waits in this process; no byte of it was handed to the socket.
    Queued,
    /// It was taken for writing: bytes of it may have left.
    Sent,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "before it was sent",
            Self::Sent => "after it was sent",
        })
    }
}

/// Why a request or a send failed. [`delivery`](Self::delivery) says whether the peer can know of it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The maximum number of requests (or, for a send, frames) is already waiting.
    #[error("overloaded: {limit} are already outstanding")]
    Overloaded {
        /// How many may be outstanding.
        limit: usize,
    },
    /// The waiting frames together already have the maximum number of bytes, or would have more with this one.
    #[error("overloaded: what waits already has {limit} bytes, or would have more with this")]
    OverloadedBytes {
        /// The bound: [`SessionConfig::max_waiting_bytes`](crate::SessionConfig::max_waiting_bytes).
        limit: usize,
    },
    /// The deadline passed. The link stays usable; a late answer goes to the inbox.
    #[error("timed out {phase}, after {after:?}")]
    TimedOut {
        /// How far the frame got.
        phase: Phase,
        /// How long it waited.
        after: Duration,
    },
    /// The link ended.
    #[error("link lost {phase}")]
    LinkLost {
        /// How far the frame got.
        phase: Phase,
        /// Why the link ended.
        #[source]
        end: Arc<LinkEnd>,
    },
    /// The protocol cannot express the message.
    #[error("cannot encode the message: {0}")]
    Encode(String),
    /// The frame is larger than the peer has to accept.
    #[error("message of {size} bytes, {limit} are allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The bound: [`SessionConfig::max_send_size`](crate::SessionConfig::max_send_size).
        limit: usize,
    },
    /// Another request is outstanding under the same key.
    #[error("a request is outstanding under the same key")]
    DuplicateKey,
    /// The message expects no answer: `send` it.
    #[error("the message has no key, so no answer can come")]
    NoKey,
    /// The link is being closed and takes no new requests.
    #[error("the link is being closed")]
    Draining,
}

impl RequestError {
    /// Whether the peer can have acted on the request. Never [`Delivery::Answered`]: an answer, even one that reports
    /// a failure, is a value of the protocol above.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::TimedOut { phase, .. } | Self::LinkLost { phase, .. } => match phase {
                Phase::Queued => Delivery::NotSent,
                Phase::Sent => Delivery::Unknown,
            },
            Self::Overloaded { .. }
            | Self::OverloadedBytes { .. }
            | Self::Encode(_)
            | Self::TooLarge { .. }
            | Self::DuplicateKey
            | Self::NoKey
            | Self::Draining => Delivery::NotSent,
        }
    }

    /// What helps.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Overloaded { .. } | Self::OverloadedBytes { .. } => {
                Recovery::CoolDown { after: OVERLOAD_COOL_DOWN }
            }
            Self::TimedOut { .. } => Recovery::CoolDown { after: TIME_OUT_COOL_DOWN },
            Self::LinkLost { .. } | Self::Draining => Recovery::Reconnect,
            Self::Encode(_) | Self::TooLarge { .. } | Self::DuplicateKey | Self::NoKey => Recovery::FixCaller,
        }
    }
}

/// After [`RequestError::Overloaded`] and [`RequestError::OverloadedBytes`]: long enough to let a queue drain, even one of requests
/// that take the peer a while. The same advice for an overload in every crate.
pub const OVERLOAD_COOL_DOWN: Duration = Duration::from_secs(1);

/// After [`RequestError::TimedOut`]: the peer is slow, not gone; asking again at once makes it slower.
pub const TIME_OUT_COOL_DOWN: Duration = Duration::from_secs(1);
