//! Bounds and time-outs of HTTP and of calls.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::span;

/// Bounds and time-outs of HTTP and of calls.
///
/// # Defaults
/// As each field says; docs/gateway-config.md lists them, tested against this.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Connections open at a time, including WebSockets and event streams: 10,000. A further one is answered 503.
    pub connections: usize,
    /// WebSockets and event streams of one key at a time: 1,000. A further one is answered 503.
    pub streams_per_key: usize,
    /// How long a TLS handshake may take: 10 s. Then the connection is closed.
    #[serde(with = "span")]
    pub tls_handshake: Duration,
    /// How long a new connection may stay without a request: 10 s. Then it is closed.
    #[serde(with = "span")]
    pub first_request: Duration,
    /// How long the head of a request may take, including the idle time before it: 30 s. Then the connection is closed.
    #[serde(with = "span")]
    pub head: Duration,
    /// Lines of a head: 100. More is 431.
    pub head_lines: usize,
    /// Bytes of a head: 64 KiB, at least 8 KiB. More is 431.
    pub head_bytes: usize,
    /// How long a body may take: 30 s. Then 408.
    #[serde(with = "span")]
    pub body: Duration,
    /// Bytes of a body: 2 MiB, at most [`MAX_BODY`](Self::MAX_BODY). More is 413.
    pub body_bytes: usize,
    /// How long a client may take to read on: 10 s. Then its connection is closed.
    #[serde(with = "span")]
    pub slow_write: Duration,
    /// How long a call is waited for if the request does not say: 30 s.
    #[serde(with = "span")]
    pub wait: Duration,
    /// How long a request may ask to wait: 300 s. More is 400.
    #[serde(with = "span")]
    pub longest_wait: Duration,
    /// How long stopping waits for calls under way: 25 s. Then their connections are closed.
    #[serde(with = "span")]
    pub drain: Duration,
    /// How long a gateway that is asked to stop goes on as before, so that load balancers see that it is not ready: 0 s.
    #[serde(with = "span")]
    pub drain_delay: Duration,
}

impl Limits {
    /// The largest body that can be set: a conductor reads no larger frames.
    pub const MAX_BODY: usize = ham::MAX_FRAME_SIZE;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            streams_per_key: 1_000,
            tls_handshake: Duration::from_secs(10),
            first_request: Duration::from_secs(10),
            head: Duration::from_secs(30),
            head_lines: 100,
            head_bytes: 64 << 10,
            body: Duration::from_secs(30),
            body_bytes: 2 << 20,
            slow_write: Duration::from_secs(10),
            wait: Duration::from_secs(30),
            longest_wait: Duration::from_secs(300),
            drain: Duration::from_secs(25),
            drain_delay: Duration::ZERO,
        }
    }
}
