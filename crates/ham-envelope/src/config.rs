//! How a client behaves.

use std::num::NonZeroUsize;
use std::time::Duration;

use ham_session::{Endpoint, SessionConfig};
use url::Url;

mod queue;

pub use ham_session::ConfigError;
pub use queue::{DEFAULT_HANDLER_QUEUE, DEFAULT_HANDLER_QUEUE_BYTES, HandlerQueue, WhenFull};

/// How a client dials and behaves.
///
/// # Defaults
/// - `endpoint`: [`Endpoint::new`] with the numbers of this protocol: messages of at most [`DEFAULT_MAX_MESSAGE_SIZE`], a ping every
///   [`DEFAULT_PING_INTERVAL`] and [`DEFAULT_PING_TIMEOUT`] for its pong, and an unlimited `max_waiting`: a request that finds all
///   places taken waits for one within its own time, and requests are refused at once only beyond `max_waiting_bytes`
/// - `queue`: [`HandlerQueue::default`]; `event_capacity`: [`DEFAULT_EVENT_CAPACITY`]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the server is, with which token, and how it is dialled.
    pub endpoint: Endpoint,
    /// What waits for the handler.
    pub queue: HandlerQueue,
    /// How many events a subscriber may be behind.
    pub event_capacity: NonZeroUsize,
}

impl Config {
    /// The defaults for this URL.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            endpoint: Endpoint::new(url).with_session(session()),
            queue: HandlerQueue::default(),
            event_capacity: DEFAULT_EVENT_CAPACITY,
        }
    }

    /// Changes [`endpoint`](Self::endpoint): token, TLS, pauses, what a failed first dial does.
    ///
    /// ```
    /// # fn example(url: url::Url) {
    /// use ham_envelope::Config;
    ///
    /// let config = Config::new(url).with_endpoint(|endpoint| endpoint.with_token("the token"));
    /// # }
    /// ```
    #[must_use]
    pub fn with_endpoint(mut self, change: impl FnOnce(Endpoint) -> Endpoint) -> Self {
        self.endpoint = change(self.endpoint);
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
}

/// The numbers of a link that carries envelopes, whoever dialled it.
pub(crate) fn session() -> SessionConfig {
    SessionConfig::default()
        .with_ping(DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT)
        .with_max_message_size(DEFAULT_MAX_MESSAGE_SIZE)
        .with_max_frame_size(DEFAULT_MAX_MESSAGE_SIZE)
        .with_max_send_size(DEFAULT_MAX_MESSAGE_SIZE)
        // A request waits for its place within its own time; the waiting requests are bounded in bytes.
        .with_max_waiting(usize::MAX)
}

/// The protocol's own interval.
pub const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(30);

/// The protocol's own pong deadline.
pub const DEFAULT_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// 1 MiB: the most that servers of this protocol read.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 1 << 20;

/// More transitions than a link makes in an hour of flapping at the shortest pause of a minute's outage.
pub const DEFAULT_EVENT_CAPACITY: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_constants() {
        let config = Config::new("wss://example.org/connect".parse().expect("a URL"));
        let session = &config.endpoint.session;
        assert_eq!(
            (session.ping_interval, session.ping_timeout),
            (Duration::from_secs(30), Duration::from_secs(10))
        );
        assert_eq!((session.max_message_size, session.max_send_size), (1 << 20, 1 << 20));
        assert_eq!((config.queue, config.event_capacity), (HandlerQueue::default(), DEFAULT_EVENT_CAPACITY));
        config.endpoint.check().expect("the defaults work");
    }
}
