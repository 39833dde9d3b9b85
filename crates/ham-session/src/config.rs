//! The numbers of a session.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::network::{Network, SystemNetwork};
use crate::tls::TlsConfig;

/// How a link is dialled, bounded, kept alive and closed.
///
/// # Defaults
/// - `connect_timeout`: [`DEFAULT_CONNECT_TIMEOUT`]
/// - `ping_interval`: [`DEFAULT_PING_INTERVAL`]; `ping_timeout`: [`DEFAULT_PING_TIMEOUT`]
/// - `silence_bound`: none
/// - `degraded_after`: [`DEFAULT_DEGRADED_AFTER`]
/// - `max_in_flight`: [`DEFAULT_MAX_IN_FLIGHT`]; `max_waiting`: [`DEFAULT_MAX_WAITING`]
/// - `max_message_size`: [`DEFAULT_MAX_MESSAGE_SIZE`]; `max_frame_size`: [`DEFAULT_MAX_FRAME_SIZE`]
/// - `write_coalescing`: [`DEFAULT_WRITE_COALESCING`]
/// - `drain_timeout`: [`DEFAULT_DRAIN_TIMEOUT`]; `close_timeout`: [`DEFAULT_CLOSE_TIMEOUT`]
/// - `tls`: [`TlsConfig::public_roots`]
/// - `network`: [`SystemNetwork`]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Bounds the whole dial: resolving, TCP, TLS, upgrade, handshake and `on_live`.
    pub connect_timeout: Duration,
    /// From one ping to the next.
    pub ping_interval: Duration,
    /// How long a pong or the answer to a probe may take.
    pub ping_timeout: Duration,
    /// The link is dead when no byte at all came for this long. `None`: only the ping decides.
    pub silence_bound: Option<Duration>,
    /// A request outstanding for this long makes the link send [`Protocol::probe`](crate::Protocol::probe). `None`,
    /// or a protocol without probe: never.
    pub degraded_after: Option<Duration>,
    /// How many requests may be with the peer at once. The probe has a slot of its own beside them.
    pub max_in_flight: NonZeroUsize,
    /// How many more requests may wait for their turn, and how many sends may wait for the socket.
    pub max_waiting: usize,
    /// The largest message that is sent or accepted, in bytes.
    pub max_message_size: usize,
    /// The largest WebSocket frame that is accepted, in bytes.
    pub max_frame_size: usize,
    /// The largest message that is sent, in bytes: what the peer reads. A larger one is refused before a byte leaves.
    pub max_send_size: usize,
    /// How many bytes of frames are gathered for one write before the socket must take them.
    pub write_coalescing: usize,
    /// How long `close` lets the outstanding requests finish.
    pub drain_timeout: Duration,
    /// How long `close` waits for the peer's part of the close handshake.
    pub close_timeout: Duration,
    /// Whom to trust on `wss://`.
    pub tls: TlsConfig,
    /// Where names are looked up and byte streams come from. TLS is done on top of it.
    pub network: Arc<dyn Network>,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            ping_interval: DEFAULT_PING_INTERVAL,
            ping_timeout: DEFAULT_PING_TIMEOUT,
            silence_bound: None,
            degraded_after: Some(DEFAULT_DEGRADED_AFTER),
            max_in_flight: DEFAULT_MAX_IN_FLIGHT,
            max_waiting: DEFAULT_MAX_WAITING,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            max_send_size: DEFAULT_MAX_MESSAGE_SIZE,
            max_frame_size: DEFAULT_MAX_FRAME_SIZE,
            write_coalescing: DEFAULT_WRITE_COALESCING,
            drain_timeout: DEFAULT_DRAIN_TIMEOUT,
            close_timeout: DEFAULT_CLOSE_TIMEOUT,
            tls: TlsConfig::public_roots(),
            network: Arc::new(SystemNetwork),
        }
    }
}

impl SessionConfig {
    /// Sets [`connect_timeout`](Self::connect_timeout).
    #[must_use]
    pub fn with_connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// Sets [`ping_interval`](Self::ping_interval) and [`ping_timeout`](Self::ping_timeout).
    #[must_use]
    pub fn with_ping(mut self, interval: Duration, timeout: Duration) -> Self {
        self.ping_interval = interval;
        self.ping_timeout = timeout;
        self
    }

    /// Sets [`silence_bound`](Self::silence_bound).
    #[must_use]
    pub fn with_silence_bound(mut self, bound: Option<Duration>) -> Self {
        self.silence_bound = bound;
        self
    }

    /// Sets [`degraded_after`](Self::degraded_after).
    #[must_use]
    pub fn with_degraded_after(mut self, after: Option<Duration>) -> Self {
        self.degraded_after = after;
        self
    }

    /// Sets [`max_in_flight`](Self::max_in_flight).
    #[must_use]
    pub fn with_max_in_flight(mut self, max: NonZeroUsize) -> Self {
        self.max_in_flight = max;
        self
    }

    /// Sets [`max_waiting`](Self::max_waiting).
    #[must_use]
    pub fn with_max_waiting(mut self, max: usize) -> Self {
        self.max_waiting = max;
        self
    }

    /// Sets [`max_message_size`](Self::max_message_size).
    #[must_use]
    pub fn with_max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// Sets [`max_send_size`](Self::max_send_size).
    #[must_use]
    pub fn with_max_send_size(mut self, bytes: usize) -> Self {
        self.max_send_size = bytes;
        self
    }

    /// Sets [`max_frame_size`](Self::max_frame_size).
    #[must_use]
    pub fn with_max_frame_size(mut self, bytes: usize) -> Self {
        self.max_frame_size = bytes;
        self
    }

    /// Sets [`write_coalescing`](Self::write_coalescing).
    #[must_use]
    pub fn with_write_coalescing(mut self, bytes: usize) -> Self {
        self.write_coalescing = bytes;
        self
    }

    /// Sets [`drain_timeout`](Self::drain_timeout).
    #[must_use]
    pub fn with_drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// Sets [`close_timeout`](Self::close_timeout).
    #[must_use]
    pub fn with_close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Sets [`tls`](Self::tls).
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// Sets [`network`](Self::network).
    #[must_use]
    pub fn with_network(mut self, network: Arc<dyn Network>) -> Self {
        self.network = network;
        self
    }

    /// Checks that the numbers make sense together. [`WebSocketConnector::new`](crate::WebSocketConnector::new) does
    /// it; whoever dials by himself may.
    ///
    /// # Errors
    /// Names the first setting that cannot work.
    pub fn check(&self) -> Result<(), ConfigError> {
        let zero = |setting, zero: bool| if zero { Err(ConfigError::Zero { setting }) } else { Ok(()) };
        zero("connect_timeout", self.connect_timeout.is_zero())?;
        zero("ping_interval", self.ping_interval.is_zero())?;
        zero("ping_timeout", self.ping_timeout.is_zero())?;
        zero("silence_bound", self.silence_bound == Some(Duration::ZERO))?;
        zero("degraded_after", self.degraded_after == Some(Duration::ZERO))?;
        zero("max_message_size", self.max_message_size == 0)?;
        zero("max_send_size", self.max_send_size == 0)?;
        zero("max_frame_size", self.max_frame_size == 0)?;
        zero("write_coalescing", self.write_coalescing == 0)
    }
}

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It must not be zero.
    #[error("{setting} must not be zero")]
    Zero {
        /// Its name.
        setting: &'static str,
    },
}

/// A dial over a continent takes well under a second; ten seconds ride out a lost packet or two in each step.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Frequent enough to keep the usual 60 s idle timers of proxies and address translators away.
pub const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(30);

/// No network path in use takes that long for a ping; with the interval it bounds how long a dead peer goes unseen.
pub const DEFAULT_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than requests take on a healthy peer, shorter than a person waits before asking what is wrong.
pub const DEFAULT_DEGRADED_AFTER: Duration = Duration::from_secs(30);

/// Enough to fill a fast peer; a peer with its own limit gets a lower number from its protocol's client.
pub const DEFAULT_MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// One more window: a burst of twice the window is absorbed, a lasting overload is reported.
pub const DEFAULT_MAX_WAITING: usize = 1024;

/// 64 MiB: what a Holochain conductor accepts as one message.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 64 << 20;

/// 64 MiB: a message may come in one frame.
pub const DEFAULT_MAX_FRAME_SIZE: usize = 64 << 20;

/// 128 KiB: one write of that size costs few system calls and still fits the socket's buffer.
pub const DEFAULT_WRITE_COALESCING: usize = 128 << 10;

/// Long enough for ordinary calls to finish, short enough for a service manager's patience.
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A peer that is there answers a close frame in a round trip.
pub const DEFAULT_CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
