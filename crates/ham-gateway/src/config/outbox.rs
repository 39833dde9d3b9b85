//! Bounds and time-outs of the outbox.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::span;

/// Bounds and time-outs of the outbox.
///
/// # Defaults
/// As each field says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OutboxLimits {
    /// Calls that are kept, including settled ones: 100,000.
    pub records: u64,
    /// Their bytes: 1 GiB.
    pub bytes: u64,
    /// How long a settled call is kept: 24 h.
    #[serde(with = "span")]
    pub keep: Duration,
    /// Bytes of an answer that is kept: 1 MiB. A larger one is given only once.
    pub answer_bytes: usize,
    /// How long the answer of a call is awaited after its request has ended: 5 min.
    #[serde(with = "span")]
    pub linger: Duration,
    /// How long the answer of an asynchronous attempt is awaited: 10 min.
    #[serde(with = "span")]
    pub answer_within: Duration,
    /// How long an asynchronous call is tried if the request does not say: 24 h.
    #[serde(with = "span")]
    pub deliver_within: Duration,
    /// How long a request may ask to try: 7 d.
    #[serde(with = "span")]
    pub longest_deliver_within: Duration,
    /// How long a nonce lives: 45 min, at most 49.
    #[serde(with = "span")]
    pub nonce_life: Duration,
    /// Whether asynchronous calls to one cell go out one at a time, in the order in which they were accepted: true.
    pub lanes: bool,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            records: 100_000,
            bytes: 1 << 30,
            keep: minutes(24 * 60),
            answer_bytes: 1 << 20,
            linger: minutes(5),
            answer_within: minutes(10),
            deliver_within: minutes(24 * 60),
            longest_deliver_within: minutes(7 * 24 * 60),
            nonce_life: minutes(45),
            lanes: true,
        }
    }
}
