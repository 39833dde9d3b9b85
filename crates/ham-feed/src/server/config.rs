//! The bounds of a server, and who may use it.

use std::collections::HashSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use ham_persistent::{SystemWallClock, WallClock};

use super::admission::Admission;
use super::config_error::ServerConfigError;
use super::guest::Guest;
use super::limits::{
    DEFAULT_HISTORY, DEFAULT_HISTORY_BYTES, DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_NAME,
    DEFAULT_MAX_REQUEST_SIZE, DEFAULT_MAX_SUBSCRIPTIONS, DEFAULT_SERVER_PING_INTERVAL,
    DEFAULT_SERVER_PING_TIMEOUT, DEFAULT_SUBSCRIBER_QUEUE, DEFAULT_SUBSCRIBER_QUEUE_BYTES,
};
use super::origins::Origins;

/// The bounds of a server, and who may use it.
///
/// # Defaults
/// - no token is required; every chain exists
/// - of browsers, pages of this machine are admitted: those whose origin has the host `localhost`, or a loopback address
/// - `queue`: [`DEFAULT_SUBSCRIBER_QUEUE`] messages and `queue_bytes`: [`DEFAULT_SUBSCRIBER_QUEUE_BYTES`]
/// - `max_connections`: [`DEFAULT_MAX_CONNECTIONS`], all of which one identity may have
/// - `history`: [`DEFAULT_HISTORY`] messages per chain and `history_bytes`: [`DEFAULT_HISTORY_BYTES`]
/// - `max_subscriptions`: [`DEFAULT_MAX_SUBSCRIPTIONS`]; `max_request_size`: [`DEFAULT_MAX_REQUEST_SIZE`];
///   `max_name`: [`DEFAULT_MAX_NAME`]
/// - `ping_interval`: [`DEFAULT_SERVER_PING_INTERVAL`]; `ping_timeout`: [`DEFAULT_SERVER_PING_TIMEOUT`]
#[derive(Clone)]
#[non_exhaustive]
pub struct FeedServerConfig {
    /// How many messages may wait for one subscriber, not counting the few that are being written to its socket.
    pub queue: NonZeroUsize,
    /// How many bytes of messages may wait for one subscriber; a single message may be larger. A published message is shared by all
    /// subscribers for whom it waits.
    pub queue_bytes: usize,
    /// How many connections there may be; one more is refused with 503.
    pub max_connections: NonZeroUsize,
    /// How many subscriptions a connection may have; one more is answered with an error.
    pub max_subscriptions: NonZeroUsize,
    /// The largest message a client may send, in bytes; a larger one ends its connection.
    pub max_request_size: usize,
    /// How many bytes the name of a chain or a type may have; a subscription with a longer one is answered with an error.
    pub max_name: usize,
    /// How often each connection is pinged.
    pub ping_interval: Duration,
    /// How long a pong, or a write that makes no progress, may take before the connection is abandoned.
    pub ping_timeout: Duration,
    /// The chains that exist; `None` means any.
    pub chains: Option<HashSet<String>>,
    /// The clock for the time in pongs.
    pub clock: Arc<dyn WallClock>,
    /// How many messages of each chain are kept for subscribers that come back.
    pub history: usize,
    /// Roughly how many bytes all kept messages may take in memory; the chain that holds the most gives way first.
    pub history_bytes: usize,
    /// How many connections one identity may have; one more is refused with 503.
    pub max_connections_each: NonZeroUsize,
    origins: Origins,
    admission: Admission,
}

impl Default for FeedServerConfig {
    fn default() -> Self {
        Self {
            queue: DEFAULT_SUBSCRIBER_QUEUE,
            queue_bytes: DEFAULT_SUBSCRIBER_QUEUE_BYTES,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_subscriptions: DEFAULT_MAX_SUBSCRIPTIONS,
            max_request_size: DEFAULT_MAX_REQUEST_SIZE,
            max_name: DEFAULT_MAX_NAME,
            ping_interval: DEFAULT_SERVER_PING_INTERVAL,
            ping_timeout: DEFAULT_SERVER_PING_TIMEOUT,
            chains: None,
            clock: Arc::new(SystemWallClock),
            origins: Origins::default(),
            history: DEFAULT_HISTORY,
            history_bytes: DEFAULT_HISTORY_BYTES,
            max_connections_each: NonZeroUsize::MAX,
            admission: Admission::default(),
        }
    }
}

impl FeedServerConfig {
    /// Requires one of these tokens, as `?token=` or as `Authorization: Bearer`; without it the upgrade is refused with 401. An empty
    /// list refuses everyone.
    #[must_use]
    pub fn with_tokens<T: AsRef<str>>(mut self, tokens: impl IntoIterator<Item = T>) -> Self {
        self.admission = Admission::tokens(tokens);
        self
    }

    /// Decides for every request who it is from, in place of tokens; a refusal is the status that answers the request. It is called
    /// on the server's runtime, so it must not block.
    #[must_use]
    pub fn with_admission(
        mut self,
        ask: impl Fn(&Parts) -> Result<Guest, StatusCode> + Send + Sync + 'static,
    ) -> Self {
        self.admission = Admission::new(ask);
        self
    }

    /// Sets [`history`](Self::history) and [`history_bytes`](Self::history_bytes); nothing is kept if either is 0.
    #[must_use]
    pub fn with_history(mut self, messages: usize, bytes: usize) -> Self {
        (self.history, self.history_bytes) = (messages, bytes);
        self
    }

    /// Sets [`max_connections_each`](Self::max_connections_each).
    #[must_use]
    pub fn with_max_connections_each(mut self, max: NonZeroUsize) -> Self {
        self.max_connections_each = max;
        self
    }

    /// Admits pages of these origins (`https://app.example.org`, as the browser writes it; `null` for a page without one), in place
    /// of those of this machine; others are refused with 403. A page of any site can open a WebSocket to any server that its visitor
    /// can reach, loopback included, and no other rule keeps it from doing so. A client that sends no `Origin` is not a browser, and
    /// no origin is required of it.
    #[must_use]
    pub fn with_origins(mut self, allowed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.origins = Origins::new(allowed);
        self
    }

    /// Sets [`max_name`](Self::max_name).
    #[must_use]
    pub fn with_max_name(mut self, bytes: usize) -> Self {
        self.max_name = bytes;
        self
    }

    /// Sets [`chains`](Self::chains).
    #[must_use]
    pub fn with_chains<C: Into<String>>(mut self, chains: impl IntoIterator<Item = C>) -> Self {
        self.chains = Some(chains.into_iter().map(Into::into).collect());
        self
    }

    /// Sets [`queue`](Self::queue).
    #[must_use]
    pub fn with_queue(mut self, queue: NonZeroUsize) -> Self {
        self.queue = queue;
        self
    }

    /// Sets [`queue_bytes`](Self::queue_bytes).
    #[must_use]
    pub fn with_queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// Sets [`max_connections`](Self::max_connections).
    #[must_use]
    pub fn with_max_connections(mut self, max: NonZeroUsize) -> Self {
        self.max_connections = max;
        self
    }

    /// Sets [`max_subscriptions`](Self::max_subscriptions).
    #[must_use]
    pub fn with_max_subscriptions(mut self, max: NonZeroUsize) -> Self {
        self.max_subscriptions = max;
        self
    }

    /// Sets [`ping_interval`](Self::ping_interval) and [`ping_timeout`](Self::ping_timeout).
    #[must_use]
    pub fn with_ping(mut self, interval: Duration, timeout: Duration) -> Self {
        self.ping_interval = interval;
        self.ping_timeout = timeout;
        self
    }

    /// Whether a page of this origin is admitted; `None` stands for an origin that is not text.
    pub(super) fn allows(&self, origin: Option<&str>) -> bool {
        origin.is_some_and(|origin| self.origins.allow(origin))
    }

    pub(super) fn admit(&self, request: &Parts) -> Result<Guest, StatusCode> {
        self.admission.ask(request)
    }

    pub(super) fn knows(&self, chain_name: &str) -> bool {
        self.chains.as_ref().is_none_or(|known| known.contains(chain_name))
    }

    pub(super) fn check(&self) -> Result<(), ServerConfigError> {
        let zero = |setting, zero| if zero { Err(ServerConfigError::Zero { setting }) } else { Ok(()) };
        zero("max_request_size", self.max_request_size == 0)?;
        zero("max_name", self.max_name == 0)?;
        zero("ping_interval", self.ping_interval.is_zero())?;
        zero("ping_timeout", self.ping_timeout.is_zero())
    }
}

impl fmt::Debug for FeedServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedServerConfig")
            .field("queue", &self.queue)
            .field("queue_bytes", &self.queue_bytes)
            .field("max_connections", &self.max_connections)
            .field("max_subscriptions", &self.max_subscriptions)
            .field("max_request_size", &self.max_request_size)
            .field("max_name", &self.max_name)
            .field("ping_interval", &self.ping_interval)
            .field("ping_timeout", &self.ping_timeout)
            .field("chains", &self.chains)
            .field("history", &self.history)
            .field("history_bytes", &self.history_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_constants_and_tokens_are_not_shown() {
        let config = FeedServerConfig::default();
        assert!(config.knows("any") && config.check().is_ok());
        assert_eq!(
            (config.queue, config.queue_bytes, config.max_connections),
            (DEFAULT_SUBSCRIBER_QUEUE, DEFAULT_SUBSCRIBER_QUEUE_BYTES, DEFAULT_MAX_CONNECTIONS)
        );
        assert_eq!((config.history, config.history_bytes), (DEFAULT_HISTORY, DEFAULT_HISTORY_BYTES));
        let config = config.with_tokens(["s3cret"]).with_chains(["a"]);
        assert!(config.knows("a") && !config.knows("b"));
        assert!(!format!("{config:?}").contains("s3cret"));
        let zero = FeedServerConfig::default().with_ping(Duration::ZERO, Duration::ZERO);
        assert_eq!(zero.check(), Err(ServerConfigError::Zero { setting: "ping_interval" }));
    }
}
