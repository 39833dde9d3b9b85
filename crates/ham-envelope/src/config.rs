//! How a client behaves.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::time::Duration;

use ham_session::{SessionConfig, TargetError, TokenSource};
use url::Url;

mod queue;

pub use queue::{DEFAULT_HANDLER_QUEUE, DEFAULT_HANDLER_QUEUE_BYTES, HandlerQueue, WhenFull};

/// How a client dials and behaves.
///
/// # Defaults
/// - no token, no token provider; a failed first dial is retried like any other
/// - `min_reconnect_delay`: [`DEFAULT_MIN_RECONNECT_DELAY`]; `max_reconnect_delay`: [`DEFAULT_MAX_RECONNECT_DELAY`]
/// - `queue`: [`HandlerQueue::default`]; `event_capacity`: [`DEFAULT_EVENT_CAPACITY`]
/// - `session`: [`SessionConfig::default`] with messages of at most [`DEFAULT_MAX_MESSAGE_SIZE`], a ping every
///   [`DEFAULT_PING_INTERVAL`] and [`DEFAULT_PING_TIMEOUT`] for its pong, and `max_waiting` without end: a request that finds all
///   places taken waits for one within its own time, and only `max_waiting_bytes` of them are refused at once
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The `ws://` or `wss://` endpoint.
    pub url: Url,
    /// Whether [`Client::run`](crate::Client::run) fails when its first dial does.
    pub fail_first_connect: bool,
    /// The pause after a first failed dial. It doubles with each further one, and with each link that did not last, and
    /// starts anew once one did ([`ResetRule`](ham_persistent::ResetRule)).
    pub min_reconnect_delay: Duration,
    /// The longest pause, before jitter.
    pub max_reconnect_delay: Duration,
    /// What waits for the handler.
    pub queue: HandlerQueue,
    /// How many events a subscriber may be behind.
    pub event_capacity: NonZeroUsize,
    /// The numbers of each link, TLS included.
    pub session: SessionConfig,
    /// Where the token of a dial comes from.
    pub tokens: TokenSource,
}

impl Config {
    /// The defaults for this endpoint.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            fail_first_connect: false,
            min_reconnect_delay: DEFAULT_MIN_RECONNECT_DELAY,
            max_reconnect_delay: DEFAULT_MAX_RECONNECT_DELAY,
            queue: HandlerQueue::default(),
            event_capacity: DEFAULT_EVENT_CAPACITY,
            session: session(),
            tokens: TokenSource::default(),
        }
    }

    /// Sends `Authorization: Bearer` with this token on the upgrade. With a
    /// [provider](Self::with_token_provider) it is what is used until that gives one.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.tokens = self.tokens.with_token(token);
        self
    }

    /// Asks `provider` for the token before each dial; see [`TokenSource::with_provider`] for when it fails.
    #[must_use]
    pub fn with_token_provider<F, Fut>(mut self, provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, TargetError>> + Send + 'static,
    {
        self.tokens = self.tokens.with_provider(provider);
        self
    }

    /// Sets [`fail_first_connect`](Self::fail_first_connect).
    #[must_use]
    pub fn with_fail_first_connect(mut self, fail: bool) -> Self {
        self.fail_first_connect = fail;
        self
    }

    /// Sets [`min_reconnect_delay`](Self::min_reconnect_delay) and [`max_reconnect_delay`](Self::max_reconnect_delay).
    #[must_use]
    pub fn with_reconnect_delays(mut self, min: Duration, max: Duration) -> Self {
        self.min_reconnect_delay = min;
        self.max_reconnect_delay = max;
        self
    }

    /// Sets [`queue`](Self::queue).
    #[must_use]
    pub fn with_queue(mut self, queue: HandlerQueue) -> Self {
        self.queue = queue;
        self
    }

    /// Sets [`event_capacity`](Self::event_capacity).
    #[must_use]
    pub fn with_event_capacity(mut self, capacity: NonZeroUsize) -> Self {
        self.event_capacity = capacity;
        self
    }

    /// Sets [`session`](Self::session).
    #[must_use]
    pub fn with_session(mut self, session: SessionConfig) -> Self {
        self.session = session;
        self
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !matches!(self.url.scheme(), "ws" | "wss") || self.url.host_str().is_none() {
            return Err(ConfigError::InvalidUrl);
        }
        if self.min_reconnect_delay > self.max_reconnect_delay {
            let (min, max) = (self.min_reconnect_delay, self.max_reconnect_delay);
            return Err(ConfigError::DelaysSwapped { min, max });
        }
        if let Some(token) = self.tokens.token()
            && bearer(token).is_none()
        {
            return Err(ConfigError::InvalidToken);
        }
        Ok(self.session.check()?)
    }
}

/// The numbers of a link that carries envelopes, whoever dialled it.
pub(crate) fn session() -> SessionConfig {
    SessionConfig::default()
        .with_ping(DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT)
        .with_max_message_size(DEFAULT_MAX_MESSAGE_SIZE)
        .with_max_frame_size(DEFAULT_MAX_MESSAGE_SIZE)
        .with_max_send_size(DEFAULT_MAX_MESSAGE_SIZE)
        // A request waits for its place within its own time; what waits is bounded in bytes.
        .with_max_waiting(usize::MAX)
}

/// The header of a token, marked as a secret; `None` if it cannot stand in a header.
pub(crate) fn bearer(token: &str) -> Option<http::HeaderValue> {
    let mut value = http::HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Without the token, and without the URL's query.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("target", &ham_session::Target::new(self.url.clone()))
            .field("tokens", &self.tokens)
            .field("fail_first_connect", &self.fail_first_connect)
            .field("min_reconnect_delay", &self.min_reconnect_delay)
            .field("max_reconnect_delay", &self.max_reconnect_delay)
            .field("queue", &self.queue)
            .field("event_capacity", &self.event_capacity)
            .field("session", &self.session)
            .finish()
    }
}

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The shortest pause is longer than the longest one.
    #[error("the shortest reconnect delay, {min:?}, is longer than the longest, {max:?}")]
    DelaysSwapped {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// The token cannot stand in a header.
    #[error("the token holds characters that no header can")]
    InvalidToken,
    /// The URL is not a `ws://` or `wss://` URL with a host. It is not quoted: it can hold a token.
    #[error("the URL is no ws:// or wss:// URL with a host")]
    InvalidUrl,
    /// A number of the session.
    #[error(transparent)]
    Session(#[from] ham_session::ConfigError),
}

/// Short enough that a restarting server is found soon, long enough that a thousand clients do not hammer it.
pub const DEFAULT_MIN_RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// A long outage is noticed as over within a minute.
pub const DEFAULT_MAX_RECONNECT_DELAY: Duration = Duration::from_secs(60);

/// The protocol's own interval.
pub const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(30);

/// The protocol's own pong deadline.
pub const DEFAULT_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// 1 MiB: what the servers of this protocol read.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 1 << 20;

/// More transitions than a link has in an hour of flapping at the shortest pause of a minute's outage.
pub const DEFAULT_EVENT_CAPACITY: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::new("wss://example.org/connect?token=hush".parse().expect("a URL"))
    }

    #[test]
    fn the_defaults_are_the_constants() {
        let config = config();
        assert!(!config.fail_first_connect && config.tokens.token().is_none());
        assert_eq!(
            (config.min_reconnect_delay, config.max_reconnect_delay),
            (Duration::from_secs(1), Duration::from_secs(60))
        );
        assert_eq!(
            (config.session.ping_interval, config.session.ping_timeout),
            (Duration::from_secs(30), Duration::from_secs(10))
        );
        assert_eq!((config.session.max_message_size, config.session.max_send_size), (1 << 20, 1 << 20));
        assert_eq!((config.queue, config.event_capacity), (HandlerQueue::default(), DEFAULT_EVENT_CAPACITY));
        config.check().expect("the defaults work");
    }

    #[test]
    fn what_cannot_work_is_told() {
        let http = Config::new("http://example.org".parse().expect("a URL"));
        assert_eq!(http.check(), Err(ConfigError::InvalidUrl));
        assert_eq!(config().with_token("a\nb").check(), Err(ConfigError::InvalidToken));
        let swapped = config().with_reconnect_delays(Duration::from_secs(2), Duration::from_secs(1));
        assert!(matches!(swapped.check(), Err(ConfigError::DelaysSwapped { .. })));
        let session = SessionConfig::default().with_max_message_size(0);
        assert!(matches!(config().with_session(session).check(), Err(ConfigError::Session(_))));
    }

    #[test]
    fn a_token_is_not_shown() {
        let config = config().with_token("s3cret");
        let shown = format!("{config:?} {:?}", bearer("s3cret"));
        assert!(!shown.contains("s3cret") && !shown.contains("hush"), "{shown}");
    }
}
