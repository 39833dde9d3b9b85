//! How a server behaves.

use std::num::NonZeroUsize;

use ham_session::{Gate, SessionConfig};

use crate::config::{ConfigError, HandlerQueue, session};

/// How a server of envelopes behaves.
///
/// # Defaults
/// - `gate`: [`Gate::default`]: no browsers, everyone else
/// - `max_connections`: [`DEFAULT_MAX_CONNECTIONS`]
/// - `queue`: [`HandlerQueue::default`], for each connection
/// - `session`: that of [`Config`](crate::Config)
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Who may connect.
    pub gate: Gate,
    /// How many connections there may be; one more is answered with 503.
    pub max_connections: NonZeroUsize,
    /// What waits for the handler, for each connection.
    pub queue: HandlerQueue,
    /// The numbers of each link. Its TLS and network are for the dialling side and have no meaning here.
    pub session: SessionConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            gate: Gate::default(),
            max_connections: DEFAULT_MAX_CONNECTIONS,
            queue: HandlerQueue::default(),
            session: session(),
        }
    }
}

impl ServerConfig {
    /// Sets [`gate`](Self::gate).
    #[must_use]
    pub fn with_gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Sets [`max_connections`](Self::max_connections).
    #[must_use]
    pub fn with_max_connections(mut self, connections: NonZeroUsize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets [`queue`](Self::queue).
    #[must_use]
    pub fn with_queue(mut self, queue: HandlerQueue) -> Self {
        self.queue = queue;
        self
    }

    /// Sets [`session`](Self::session).
    #[must_use]
    pub fn with_session(mut self, session: SessionConfig) -> Self {
        self.session = session;
        self
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.session.check()
    }
}

/// One descriptor each, within what most systems allow a process to open.
pub const DEFAULT_MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(512).expect("512 is not zero");
