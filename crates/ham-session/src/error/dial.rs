//! Why a dial failed.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{ConnectError, Permanence};

use super::{LinkEnd, Recovery};
use crate::target::TargetError;
use crate::tls::TlsError;

/// Why a dial failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The provider of targets failed, and there is no earlier target to fall back on. Its error may quote a token, so it is not this
    /// one's source and is not rendered with it.
    #[error("no target to dial")]
    NoTarget(TargetError),
    /// The URL cannot be dialled.
    #[error("invalid URL: {reason}")]
    InvalidUrl {
        /// What is wrong with it. Does not quote the URL, which can hold a token.
        reason: String,
    },
    /// The host name has no address now. The text does not quote it: what was given as a host may be a token.
    #[error("cannot resolve the name of the host")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No address of the host accepts connections; this is the last one tried.
    #[error("cannot connect to {address}")]
    Connect {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The connect time-out passed.
    #[error("timed out {phase}, after {after:?}")]
    TimedOut {
        /// What was under way.
        phase: DialPhase,
        /// How long the dial took until then.
        after: Duration,
    },
    /// TLS could not be set up: the certificate, its pin, or the connection.
    #[error("TLS failed")]
    Tls(#[source] TlsError),
    /// The peer answered the upgrade with an HTTP status other than 101. That includes redirects: they are not followed, because the
    /// headers of the upgrade, the token among them, were meant for the server that was named.
    #[error("upgrade refused with HTTP status {status}")]
    Refused {
        /// The status.
        status: http::StatusCode,
        /// The peer's `Retry-After`, if it gave one in seconds.
        retry_after: Option<Duration>,
    },
    /// The connection broke, or what came was not HTTP, during the upgrade.
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

/// What a dial, or an accept, was doing when the time-out passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialPhase {
    /// Asking where to dial.
    Target,
    /// Looking up the host name.
    Resolve,
    /// Opening the TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The HTTP upgrade.
    Upgrade,
    /// The protocol's handshake.
    Handshake,
    /// Sending the messages of `on_live`.
    OnLive,
}

impl fmt::Display for DialPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "asking where to dial",
            Self::Resolve => "resolving the host",
            Self::Connect => "connecting",
            Self::Tls => "in the TLS handshake",
            Self::Upgrade => "in the WebSocket upgrade",
            Self::Handshake => "in the protocol's handshake",
            Self::OnLive => "resubscribing",
        })
    }
}

/// Why a protocol's handshake failed. The texts are for people and must not hold a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer said no: the same attempt fails the same way.
    #[error("refused: {0}")]
    Refused(String),
    /// The peer closed the connection.
    #[error("closed by the peer: {0}")]
    Closed(String),
    /// What the peer sent is not the protocol.
    #[error("protocol violation: {0}")]
    Violation(String),
    /// The connection broke.
    #[error("connection lost")]
    Io(#[source] io::Error),
}

impl DialError {
    /// What helps.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::InvalidUrl { .. } | Self::Encode(_) => Recovery::FixCaller,
            Self::Refused { status, retry_after } => refused(*status, *retry_after),
            Self::Handshake(cause) => match cause {
                HandshakeError::Refused(_) => Recovery::GiveUp,
                HandshakeError::Closed(_) | HandshakeError::Violation(_) | HandshakeError::Io(_) => {
                    Recovery::Reconnect
                }
            },
            Self::Tls(error) if !error.heals() => Recovery::GiveUp,
            Self::NoTarget(_)
            | Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::TimedOut { .. }
            | Self::Tls(_)
            | Self::Upgrade(_)
            | Self::Ended(_) => Recovery::Reconnect,
        }
    }
}

/// 401 and 403 stay until someone changes the token; 429 and 503 ask for time.
fn refused(status: http::StatusCode, retry_after: Option<Duration>) -> Recovery {
    match status.as_u16() {
        401 | 403 => Recovery::GiveUp,
        429 | 503 => Recovery::CoolDown { after: retry_after.unwrap_or(REFUSED_COOL_DOWN) },
        _ => Recovery::Reconnect,
    }
}

impl ConnectError for DialError {
    fn permanence(&self) -> Permanence {
        match self.recovery() {
            Recovery::FixCaller | Recovery::GiveUp => Permanence::Permanent,
            Recovery::Reconnect | Recovery::CoolDown { .. } => Permanence::Transient,
        }
    }
}

/// After a 429 or 503 without `Retry-After`: the least that servers commonly ask for.
pub const REFUSED_COOL_DOWN: Duration = Duration::from_secs(5);
