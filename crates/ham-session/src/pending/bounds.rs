//! How much may be outstanding, and how the requests stand.

use tokio::time::Instant;

use crate::config::SessionConfig;

/// How much may be outstanding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Requests that are with the peer.
    pub(crate) in_flight: usize,
    /// Requests that wait for their turn, and sends that wait for the socket.
    pub(crate) waiting: usize,
    /// The bytes of all frames that wait.
    pub(crate) waiting_bytes: usize,
}

impl Bounds {
    pub(crate) fn of(config: &SessionConfig) -> Self {
        Self {
            in_flight: config.max_in_flight.get(),
            waiting: config.max_waiting,
            waiting_bytes: config.max_waiting_bytes,
        }
    }
}

/// How the requests stand, as far as that says something about the peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// When the oldest of the requests that are with the peer was submitted.
    pub(crate) oldest: Option<Instant>,
    /// Whether every place is taken by a request that nobody waits for.
    pub(crate) stuck: bool,
}
