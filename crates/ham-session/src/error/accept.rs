//! Why an accept failed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{DialPhase, HandshakeError, LinkEnd};

/// Why a stream that a peer opened to us did not become a link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The request did not end within [`Gate::max_head`](crate::Gate::max_head); it was answered with 431.
    #[error("the request has more than {limit} bytes")]
    HeadTooLarge {
        /// The bound.
        limit: usize,
    },
    /// What came is not a WebSocket request; it was answered with this status.
    #[error("not a WebSocket request, answered with HTTP status {status}")]
    NoUpgrade {
        /// The status.
        status: http::StatusCode,
    },
    /// The [`Gate`](crate::Gate) did not admit it; it was answered with this status.
    #[error("refused with HTTP status {status}")]
    Refused {
        /// The status.
        status: http::StatusCode,
    },
    /// The connect time-out passed.
    #[error("timed out {phase}, after {after:?}")]
    TimedOut {
        /// What was under way.
        phase: DialPhase,
        /// How long it took until then.
        after: Duration,
    },
    /// The connection broke during the upgrade.
    #[error("upgrade failed")]
    Upgrade(#[source] io::Error),
    /// The protocol's own handshake failed.
    #[error("handshake failed")]
    Handshake(#[source] HandshakeError),
    /// The link ended while the messages of `on_live` were sent.
    #[error("the link ended before it was live")]
    Ended(#[source] Arc<LinkEnd>),
    /// A message of `on_live` cannot be encoded.
    #[error("cannot encode a message of on_live: {0}")]
    Encode(String),
}
