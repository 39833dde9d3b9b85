//! What is drawn for a life of one link and cannot be left out of it.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use ham_session::{Network, SessionConfig};

use crate::net::LanePlan;

/// What cannot be left out.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) numbers: Numbers,
    /// The addresses of the host, in order.
    pub(super) addresses: Vec<Address>,
    pub(super) upgrade: Upgrade,
    pub(super) welcome: Welcome,
    /// Whether the keepalive is a message of the protocol, not a ping.
    pub(super) keepalive_message: bool,
    pub(super) probes: bool,
    /// How many messages follow each handshake.
    pub(super) on_live: u64,
    pub(super) peer_pings: Option<Duration>,
    /// With this many requests in process, the peer does not read.
    pub(super) stops_at: usize,
    pub(super) up: LanePlan,
    pub(super) down: LanePlan,
    pub(super) length: Duration,
    pub(super) ending: Ending,
}

/// The configuration of the session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) connect: Duration,
    pub(super) ping_interval: Duration,
    pub(super) ping_timeout: Duration,
    pub(super) silence: Option<Duration>,
    pub(super) degraded: Option<Duration>,
    pub(super) stuck: Option<Duration>,
    /// Bytes per second.
    pub(super) rate: NonZeroU64,
    pub(super) in_flight: NonZeroUsize,
    pub(super) waiting: usize,
    pub(super) waiting_bytes: usize,
    pub(super) largest: usize,
    pub(super) coalescing: usize,
    pub(super) drain: Duration,
    pub(super) close: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Good,
    Refuses,
    Swallows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    After(Duration),
    Never,
    Status(u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Welcome {
    After(Duration),
    Never,
    Closes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// `close`, whatever is outstanding.
    Close,
    /// `close`, once everything is settled.
    CloseAtRest,
    /// The last handle is dropped, at rest.
    Drop,
}

impl World {
    pub(super) fn config(&self, network: Arc<dyn Network>) -> SessionConfig {
        let numbers = self.numbers;
        SessionConfig::default()
            .with_connect_timeout(numbers.connect)
            .with_ping(numbers.ping_interval, numbers.ping_timeout)
            .with_silence_bound(numbers.silence)
            .with_degraded_after(numbers.degraded)
            .with_stuck_timeout(numbers.stuck)
            .with_least_rate(numbers.rate)
            .with_max_waiting_bytes(numbers.waiting_bytes)
            .with_max_in_flight(numbers.in_flight)
            .with_max_waiting(numbers.waiting)
            .with_max_message_size(numbers.largest)
            .with_max_send_size(numbers.largest)
            .with_max_frame_size(numbers.largest)
            .with_write_coalescing(numbers.coalescing)
            .with_drain_timeout(numbers.drain)
            .with_close_timeout(numbers.close)
            .with_network(network)
    }
}
