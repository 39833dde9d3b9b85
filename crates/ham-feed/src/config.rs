//! How a feed is dialled and read.

use std::future::Future;
use std::num::NonZeroUsize;
use std::time::Duration;

use ham_persistent::{DEFAULT_MIN_PAUSE, Exponential, RetryDelay};
use ham_session::{SessionConfig, Target, TargetError, TokenSource};
use url::Url;

use crate::message::Dialect;

/// How a feed is dialled and read.
///
/// # Defaults
/// - `dialect`: found out from the server's first message
/// - no token; a subscription whose first dial fails is not made
/// - `queue`: [`DEFAULT_QUEUE`] items and `queue_bytes`: [`DEFAULT_QUEUE_BYTES`]
/// - `retry`: [`Exponential::default`]; `min_pause`: [`DEFAULT_MIN_PAUSE`]
/// - `session`: [`SessionConfig::default`] with messages of at most [`DEFAULT_MAX_MESSAGE_SIZE`], a ping of the dialect every
///   [`DEFAULT_PING_INTERVAL`] and [`DEFAULT_PING_TIMEOUT`] for its pong
#[derive(Clone)]
#[non_exhaustive]
pub struct FeedConfig {
    /// The `ws://` or `wss://` endpoint.
    pub url: Url,
    /// The dialect, where it need not be found out.
    pub dialect: Option<Dialect>,
    /// Whether [`FeedClient::subscribe`](crate::FeedClient::subscribe) goes on dialling when its first dial failed.
    pub wait_for_server: bool,
    /// How many items may wait for a subscription's reader.
    pub queue: NonZeroUsize,
    /// How many bytes they may take in memory, about; one item may be larger.
    pub queue_bytes: usize,
    /// The pauses between failed dials. A link that did not last counts as one ([`ResetRule`](ham_persistent::ResetRule)).
    pub retry: RetryDelay,
    /// The least time from one dial's start to the next one's.
    pub min_pause: Duration,
    /// The numbers of each link, TLS included.
    pub session: SessionConfig,
    /// Where the token of a dial comes from; it goes out as `?token=`.
    pub tokens: TokenSource,
}

impl FeedConfig {
    /// The defaults for this endpoint.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            dialect: None,
            wait_for_server: false,
            queue: DEFAULT_QUEUE,
            queue_bytes: DEFAULT_QUEUE_BYTES,
            retry: Exponential::default().into(),
            min_pause: DEFAULT_MIN_PAUSE,
            session: SessionConfig::default()
                .with_ping(DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT)
                .with_max_message_size(DEFAULT_MAX_MESSAGE_SIZE)
                .with_max_frame_size(DEFAULT_MAX_MESSAGE_SIZE),
            tokens: TokenSource::default(),
        }
    }

    /// Sets [`dialect`](Self::dialect).
    #[must_use]
    pub fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Sends `?token=` with this token; see [`TokenSource::with_token`].
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.tokens = self.tokens.with_token(token);
        self
    }

    /// Asks `provider` for the token before each dial; see [`TokenSource::with_provider`].
    #[must_use]
    pub fn with_token_provider<F, Fut>(mut self, provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, TargetError>> + Send + 'static,
    {
        self.tokens = self.tokens.with_provider(provider);
        self
    }

    /// Sets [`wait_for_server`](Self::wait_for_server).
    #[must_use]
    pub fn with_wait_for_server(mut self, wait: bool) -> Self {
        self.wait_for_server = wait;
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

    /// Sets [`retry`](Self::retry).
    #[must_use]
    pub fn with_retry(mut self, retry: impl Into<RetryDelay>) -> Self {
        self.retry = retry.into();
        self
    }

    /// Sets [`min_pause`](Self::min_pause).
    #[must_use]
    pub fn with_min_pause(mut self, min_pause: Duration) -> Self {
        self.min_pause = min_pause;
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
        Ok(self.session.check()?)
    }
}

/// The URL with the token in its query.
pub(crate) fn target(url: &Url, token: Option<&str>) -> Result<Target, TargetError> {
    let mut url = url.clone();
    if let Some(token) = token {
        url.query_pairs_mut().append_pair("token", token);
    }
    Ok(Target::new(url))
}

/// Without the token, and without the URL's query.
impl std::fmt::Debug for FeedConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FeedConfig")
            .field("target", &Target::new(self.url.clone()))
            .field("dialect", &self.dialect)
            .field("wait_for_server", &self.wait_for_server)
            .field("queue", &self.queue)
            .field("queue_bytes", &self.queue_bytes)
            .field("retry", &self.retry)
            .field("min_pause", &self.min_pause)
            .field("session", &self.session)
            .field("tokens", &self.tokens)
            .finish()
    }
}

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The URL is not a `ws://` or `wss://` URL with a host. It is not quoted: it can hold a token.
    #[error("the URL is no ws:// or wss:// URL with a host")]
    InvalidUrl,
    /// A number of the session.
    #[error(transparent)]
    Session(#[from] ham_session::ConfigError),
}

/// The interval of the document's examples.
pub const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(30);

/// With the interval it bounds how long a dead server goes unseen.
pub const DEFAULT_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// 16 MiB: a block with its events, and a limit for what a server can make us hold.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 16 << 20;

/// A reader that needs a millisecond an item falls behind only after a burst of a thousand.
pub const DEFAULT_QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// 64 MiB: a few of the largest messages, which take more room read than on the wire.
pub const DEFAULT_QUEUE_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_constants() {
        let config = FeedConfig::new("ws://localhost:2661/ws".parse().expect("a URL"));
        assert!(config.dialect.is_none() && !config.wait_for_server && config.tokens.token().is_none());
        assert_eq!((config.queue, config.queue_bytes), (DEFAULT_QUEUE, DEFAULT_QUEUE_BYTES));
        assert_eq!(config.retry, Exponential::default().into());
        assert_eq!(
            (config.session.ping_interval, config.session.ping_timeout),
            (DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT)
        );
        assert_eq!(config.session.max_message_size, DEFAULT_MAX_MESSAGE_SIZE);
        config.check().expect("the defaults work");
        let http = FeedConfig::new("http://localhost/".parse().expect("a URL"));
        assert_eq!(http.check(), Err(ConfigError::InvalidUrl));
    }

    #[test]
    fn a_token_is_escaped_and_not_shown() {
        let url: Url = "ws://localhost/ws?chain=a".parse().expect("a URL");
        let target = target(&url, Some("s3cret&x=y")).expect("a target");
        assert_eq!(target.url.query(), Some("chain=a&token=s3cret%26x%3Dy"));
        let config = FeedConfig::new(target.url.clone()).with_token("s3cret");
        assert!(!format!("{config:?} {target:?}").contains("s3cret"));
    }
}
