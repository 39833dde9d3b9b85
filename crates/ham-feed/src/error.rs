//! Why a subscription was not made, or a request about it was not answered.

use std::sync::Arc;
use std::time::Duration;

use ham_session::{Delivery, DialError, LinkEnd, NoLink, Recovery};

use crate::message::Dialect;

/// Why [`FeedClient::subscribe`](crate::FeedClient::subscribe) made no subscription.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The connection was closed because its runtime was shut down.
    #[error("the connection is closed")]
    Closed,
    /// No link came up: nothing listens, the name is unknown, TLS failed, or what answers is not a WebSocket server.
    #[error("not connected")]
    NotConnected(#[source] Arc<DialError>),
    /// The server refuses this topic: an unknown chain, an invalid subscription.
    #[error("the server refuses the chain {chain_name:?}: {message}")]
    Rejected {
        /// The chain.
        chain_name: String,
        /// In the server's words.
        message: String,
    },
    /// The ping after the subscription could not be sent.
    #[error(transparent)]
    Session(#[from] ham_session::RequestError),
    /// The link or the confirmation took too long.
    #[error("not subscribed within {after:?}")]
    TimedOut {
        /// How long it took.
        after: Duration,
        /// How the last link ended, if one was lost in the meantime: a server that accepts a link and then refuses it says why here.
        #[source]
        last: Option<Arc<LinkEnd>>,
    },
    /// The server wants a token, or a different one (401 or 403).
    #[error("the server refuses the token")]
    Unauthorized(#[source] Arc<DialError>),
}

impl SubscribeError {
    /// What helps.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Closed => Recovery::GiveUp,
            Self::NotConnected(error) | Self::Unauthorized(error) => error.recovery(),
            Self::Rejected { .. } => Recovery::FixCaller,
            Self::Session(error) => error.recovery(),
            Self::TimedOut { .. } => Recovery::Reconnect,
        }
    }
}

impl From<Arc<DialError>> for SubscribeError {
    fn from(error: Arc<DialError>) -> Self {
        match &*error {
            DialError::Refused { status, .. } if matches!(status.as_u16(), 401 | 403) => {
                Self::Unauthorized(error)
            }
            _ => Self::NotConnected(error),
        }
    }
}

/// Why a request about a subscription was not answered.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// There was no link in time.
    #[error("not connected within {after:?}")]
    NotConnected {
        /// How long the caller waited for a link.
        after: Duration,
    },
    /// It failed on a link.
    #[error(transparent)]
    Session(#[from] ham_session::RequestError),
    /// The server's dialect has no such request.
    #[error("the dialect {dialect:?} has no such request")]
    Unsupported {
        /// The dialect.
        dialect: Dialect,
    },
}

impl RequestError {
    /// Whether the server can know of it.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Closed | Self::NotConnected { .. } | Self::Unsupported { .. } => Delivery::NotSent,
            Self::Session(error) => error.delivery(),
        }
    }

    /// What helps.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Closed => Recovery::GiveUp,
            Self::NotConnected { .. } => Recovery::Reconnect,
            Self::Session(error) => error.recovery(),
            Self::Unsupported { .. } => Recovery::FixCaller,
        }
    }
}

impl From<NoLink> for RequestError {
    fn from(why: NoLink) -> Self {
        match why {
            NoLink::Closed => Self::Closed,
            NoLink::TimedOut { after } => Self::NotConnected { after },
        }
    }
}
