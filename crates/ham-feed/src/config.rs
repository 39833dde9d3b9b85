//! How a feed is dialled and read.

use std::num::NonZeroUsize;
use std::time::Duration;

use ham_session::{Endpoint, FirstDial, SessionConfig, TokenPlace};
use url::Url;

use crate::message::Dialect;

pub use ham_session::ConfigError;

/// How a feed is dialled and read.
///
/// # Defaults
/// - `endpoint`: [`Endpoint::new`], with the token as `?token=`, a first dial that is [required](FirstDial::Required), because
///   [`subscribe`](crate::FeedClient::subscribe) has a caller to tell, messages of at most [`DEFAULT_MAX_MESSAGE_SIZE`], a ping of
///   the dialect every [`DEFAULT_PING_INTERVAL`] and [`DEFAULT_PING_TIMEOUT`] for its pong
/// - `dialect`: detected from the server's first message; `resume`: yes
/// - `queue`: [`DEFAULT_QUEUE`] items and `queue_bytes`: [`DEFAULT_QUEUE_BYTES`]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FeedConfig {
    /// Where the server is, with which token, and how it is dialled.
    pub endpoint: Endpoint,
    /// The dialect, if it need not be detected.
    pub dialect: Option<Dialect>,
    /// Whether to ask a server of the documented dialect for ids (`"since": null` in `subscribe`, which is not in the document), so
    /// that a subscription whose link comes back goes on where it stopped, as far as the server keeps what came in the meantime. A
    /// server that does not know ids ignores it.
    pub resume: bool,
    /// How many items may wait for a subscription's reader.
    pub queue: NonZeroUsize,
    /// Roughly how many bytes they may take in memory; a single item may be larger.
    pub queue_bytes: usize,
}

impl FeedConfig {
    /// The defaults for this URL.
    #[must_use]
    pub fn new(url: Url) -> Self {
        let session = SessionConfig::default()
            .with_ping(DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT)
            .with_max_message_size(DEFAULT_MAX_MESSAGE_SIZE)
            .with_max_frame_size(DEFAULT_MAX_MESSAGE_SIZE);
        Self {
            endpoint: Endpoint::new(url)
                .with_token_place(TokenPlace::Query("token"))
                .with_first_dial(FirstDial::Required)
                .with_session(session),
            dialect: None,
            resume: true,
            queue: DEFAULT_QUEUE,
            queue_bytes: DEFAULT_QUEUE_BYTES,
        }
    }

    /// Changes [`endpoint`](Self::endpoint): token, TLS, pauses, what a failed first dial does.
    ///
    /// ```
    /// # fn example(url: url::Url) {
    /// use ham_feed::FeedConfig;
    ///
    /// let config = FeedConfig::new(url).with_endpoint(|endpoint| endpoint.with_token("the token"));
    /// # }
    /// ```
    #[must_use]
    pub fn with_endpoint(mut self, change: impl FnOnce(Endpoint) -> Endpoint) -> Self {
        self.endpoint = change(self.endpoint);
        self
    }

    /// Sets [`dialect`](Self::dialect).
    #[must_use]
    pub fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Sets [`resume`](Self::resume). Without it, requests are byte for byte those of the document.
    #[must_use]
    pub fn with_resume(mut self, resume: bool) -> Self {
        self.resume = resume;
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
}

/// The interval of the document's examples.
pub const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(30);

/// Together with the interval, bounds how long a dead server goes unnoticed.
pub const DEFAULT_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// 16 MiB: a block with its events, and a limit on what a server can make us hold.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 16 << 20;

/// A reader that needs a millisecond per item falls behind only after a burst of a thousand.
pub const DEFAULT_QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// 64 MiB: a few of the largest messages, which take more room in memory than on the wire.
pub const DEFAULT_QUEUE_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_constants() {
        let config = FeedConfig::new("ws://localhost:2661/ws".parse().expect("a URL"));
        assert!(
            config.dialect.is_none() && config.resume && config.endpoint.first_dial == FirstDial::Required
        );
        assert_eq!((config.queue, config.queue_bytes), (DEFAULT_QUEUE, DEFAULT_QUEUE_BYTES));
        let session = &config.endpoint.session;
        assert_eq!(
            (session.ping_interval, session.ping_timeout),
            (DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT)
        );
        assert_eq!(session.max_message_size, DEFAULT_MAX_MESSAGE_SIZE);
        config.endpoint.check().expect("the defaults work");
    }
}
