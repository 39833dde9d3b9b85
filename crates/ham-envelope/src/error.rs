//! Why a run, a send or a request failed.

use std::sync::Arc;
use std::time::Duration;

use ham_session::{AcceptError, Delivery, DialError, NoLink, Recovery};

use crate::config::ConfigError;

/// Why [`Client::run`](crate::Client::run) ended without being cancelled.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It is already running.
    #[error("the client is already running")]
    AlreadyRunning,
    /// The first dial failed, and it was [required](ham_session::FirstDial).
    #[error("the first dial failed")]
    FirstDial(#[source] Arc<DialError>),
    /// The task that keeps the connection is gone: its runtime was shut down, or the token provider panicked.
    #[error("the connection ended: {why}")]
    Ended {
        /// What is known.
        why: String,
    },
}

/// Why [`serve_stream`](crate::serve_stream) served nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A setting cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The stream did not become a link; the peer has been answered.
    #[error("the stream did not become a link")]
    Accept(#[from] AcceptError),
}

/// Why a request or a send failed. [`delivery`](Self::delivery) says whether the server can know of it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The envelope has no id, so no answer could be matched to it.
    #[error("the envelope has no id, so it is not a request")]
    NoId,
    /// There was no link in time, or the client is not running.
    #[error("not connected within {after:?}")]
    NotConnected {
        /// How long the caller waited for a link.
        after: Duration,
    },
    /// The client stopped in the meantime.
    #[error("the client stopped")]
    Stopped,
    /// It failed on a link.
    #[error(transparent)]
    Session(#[from] ham_session::RequestError),
}

impl RequestError {
    /// Whether the server can have acted on it.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::NoId | Self::NotConnected { .. } | Self::Stopped => Delivery::NotSent,
            Self::Session(error) => error.delivery(),
        }
    }

    /// What helps.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NoId => Recovery::FixCaller,
            Self::NotConnected { .. } => Recovery::Reconnect,
            Self::Stopped => Recovery::GiveUp,
            Self::Session(error) => error.recovery(),
        }
    }
}

impl From<NoLink> for RequestError {
    fn from(why: NoLink) -> Self {
        match why {
            NoLink::Closed => Self::Stopped,
            NoLink::TimedOut { after } => Self::NotConnected { after },
        }
    }
}
