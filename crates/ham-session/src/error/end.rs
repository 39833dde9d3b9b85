//! Why a link ended.

use std::io;
use std::time::Duration;

/// Why a link ended. Shared (`Arc`) with everyone who waited for it, readable for as long as the link is held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkEnd {
    /// The peer closed the WebSocket with a close frame.
    #[error("closed by the peer: code {code}, reason {reason:?}")]
    ClosedByPeer {
        /// The close code; 1005 if the frame had none.
        code: u16,
        /// The reason the peer gave; often empty.
        reason: String,
    },
    /// The connection broke without a close frame.
    #[error("connection lost")]
    Lost(#[source] io::Error),
    /// The peer did not answer a ping in time, or sent nothing for too long.
    #[error("the peer was silent for {after:?}")]
    Silent {
        /// For how long.
        after: Duration,
    },
    /// The peer broke the WebSocket protocol, or its own protocol in a way that makes the link useless.
    #[error("protocol violation: {0}")]
    ProtocolViolation(String),
    /// The peer sent a text message that is not UTF-8; the close frame said 1007.
    #[error("protocol violation: a text message is not UTF-8")]
    NotUtf8,
    /// The peer sent a message larger than allowed.
    #[error("the peer sent a message of {size} bytes, {limit} are allowed")]
    TooLarge {
        /// Its size, as far as announced.
        size: usize,
        /// The bound.
        limit: usize,
    },
    /// The peer began a message and continued it more slowly than [`SessionConfig::least_rate`](crate::SessionConfig::least_rate),
    /// for longer than allowed.
    #[error("the peer sent {bytes} bytes of a message in {after:?} and did not complete it")]
    TooSlow {
        /// How much of it came.
        bytes: u64,
        /// Since its first byte.
        after: Duration,
    },
    /// Every place with the peer was taken by a request that nobody waited for any more, and none of them was answered for
    /// [`SessionConfig::stuck_timeout`](crate::SessionConfig::stuck_timeout): no request could be sent.
    #[error("no place was free for {after:?}: the peer answers none of the requests that timed out")]
    Stuck {
        /// For how long.
        after: Duration,
    },
    /// `close` was called on the link, or its last handle was dropped.
    #[error("closed here")]
    ClosedHere,
}
