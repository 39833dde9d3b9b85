//! The numbers of a session.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use crate::error::ConfigError;
use crate::network::{Network, SystemNetwork};
use crate::tls::TlsConfig;

mod defaults;

pub use defaults::*;

/// How a link is dialled, bounded, kept alive and closed.
///
/// # Defaults
/// - `connect_timeout`: [`DEFAULT_CONNECT_TIMEOUT`]
/// - `ping_interval`: [`DEFAULT_PING_INTERVAL`]; `ping_timeout`: [`DEFAULT_PING_TIMEOUT`]
/// - `silence_bound`: none; `least_rate`: [`DEFAULT_LEAST_RATE`]
/// - `degraded_after`: [`DEFAULT_DEGRADED_AFTER`]; `stuck_timeout`: [`DEFAULT_STUCK_TIMEOUT`]
/// - `max_in_flight`: [`DEFAULT_MAX_IN_FLIGHT`]; `max_waiting`: [`DEFAULT_MAX_WAITING`];
///   `max_waiting_bytes`: [`DEFAULT_MAX_WAITING_BYTES`]
/// - `max_message_size`: [`DEFAULT_MAX_MESSAGE_SIZE`]; `max_frame_size`: [`DEFAULT_MAX_FRAME_SIZE`]
/// - `write_coalescing`: [`DEFAULT_WRITE_COALESCING`]
/// - `drain_timeout`: [`DEFAULT_DRAIN_TIMEOUT`]; `close_timeout`: [`DEFAULT_CLOSE_TIMEOUT`]
/// - `tls`: [`TlsConfig::public_roots`]
/// - `network`: [`SystemNetwork`]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Bounds the whole dial: resolving, TCP, TLS, upgrade, handshake and `on_live`. The closure of a
    /// [`WebSocketConnector`](crate::WebSocketConnector) has the same time before it.
    pub connect_timeout: Duration,
    /// The time from one ping to the next.
    pub ping_interval: Duration,
    /// How long a pong or the answer to a probe may take.
    pub ping_timeout: Duration,
    /// The link is dead if no byte at all came for this long. `None`: only the ping decides.
    pub silence_bound: Option<Duration>,
    /// How many bytes of a message must move per second at least, once its first byte has come. It may stand still for
    /// `ping_interval + ping_timeout`; then the link ends with [`LinkEnd::TooSlow`](crate::LinkEnd::TooSlow). Writes slower than that,
    /// for that long, do not count as a sign of life from a peer that owes a pong.
    pub least_rate: NonZeroU64,
    /// If a request is outstanding for this long, the link sends [`Protocol::probe`](crate::Protocol::probe). `None`, or a protocol
    /// without a probe: never. A link that is stuck for this long is degraded too.
    pub degraded_after: Option<Duration>,
    /// How long a link may be stuck before it ends with [`LinkEnd::Stuck`](crate::LinkEnd::Stuck). A link is stuck if every place
    /// with the peer is taken by a request that nobody waits for any more, and none of them is answered. `None`: for ever, and
    /// requests time out unsent.
    pub stuck_timeout: Option<Duration>,
    /// How many requests may be with the peer at once. A request that timed out, or whose caller went away, is still with the peer:
    /// its place is taken until it is answered or the link ends. The probe has a slot of its own. If the peer stops reading at some
    /// number of requests, this must be smaller: such a peer would not see a ping either.
    pub max_in_flight: NonZeroUsize,
    /// How many more requests may wait for their turn, and how many sends may wait for the socket.
    pub max_waiting: usize,
    /// How many bytes the frames that wait for their turn or for the socket may have together. A frame that waits alone may have any
    /// size up to `max_send_size`.
    pub max_waiting_bytes: usize,
    /// The largest message that is sent or accepted, in bytes.
    pub max_message_size: usize,
    /// The largest WebSocket frame that is accepted, in bytes.
    pub max_frame_size: usize,
    /// The largest message that is sent, in bytes: what the peer can read. A larger one is refused before a byte leaves.
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
            least_rate: DEFAULT_LEAST_RATE,
            degraded_after: Some(DEFAULT_DEGRADED_AFTER),
            stuck_timeout: Some(DEFAULT_STUCK_TIMEOUT),
            max_in_flight: DEFAULT_MAX_IN_FLIGHT,
            max_waiting: DEFAULT_MAX_WAITING,
            max_waiting_bytes: DEFAULT_MAX_WAITING_BYTES,
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

    /// Sets [`least_rate`](Self::least_rate).
    #[must_use]
    pub fn with_least_rate(mut self, bytes_per_second: NonZeroU64) -> Self {
        self.least_rate = bytes_per_second;
        self
    }

    /// Sets [`degraded_after`](Self::degraded_after).
    #[must_use]
    pub fn with_degraded_after(mut self, after: Option<Duration>) -> Self {
        self.degraded_after = after;
        self
    }

    /// Sets [`stuck_timeout`](Self::stuck_timeout).
    #[must_use]
    pub fn with_stuck_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.stuck_timeout = timeout;
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

    /// Sets [`max_waiting_bytes`](Self::max_waiting_bytes).
    #[must_use]
    pub fn with_max_waiting_bytes(mut self, bytes: usize) -> Self {
        self.max_waiting_bytes = bytes;
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

    /// Checks that the numbers make sense together. [`WebSocketConnector::new`](crate::WebSocketConnector::new) does this; callers
    /// that dial themselves may.
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
        zero("stuck_timeout", self.stuck_timeout == Some(Duration::ZERO))?;
        zero("max_message_size", self.max_message_size == 0)?;
        zero("max_send_size", self.max_send_size == 0)?;
        zero("max_frame_size", self.max_frame_size == 0)?;
        zero("write_coalescing", self.write_coalescing == 0)
    }
}
