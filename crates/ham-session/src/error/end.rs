//! Why a link ended.

use std::io;
use std::time::Duration;

/// Why a link ended. Shared (`Arc`) with everybody who waited for it, readable for as long as the link is held.
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
    /// The peer broke the WebSocket protocol, or its own so that the link is of no use.
    #[error("protocol violation: {0}")]
    ProtocolViolation(String),
    /// The peer sent a message larger than it may.
    #[error("the peer sent a message of {size} bytes, {limit} are allowed")]
    TooLarge {
        /// Its size, as far as it was announced.
        size: usize,
        /// The bound.
        limit: usize,
    },
    /// `close` was called on the link, or its last handle was dropped.
    #[error("closed here")]
    ClosedHere,
}
