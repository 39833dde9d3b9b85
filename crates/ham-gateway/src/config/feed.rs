//! Names of chains, and the feed's bounds.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::span;

/// Names of chains, and the feed's bounds.
///
/// # Defaults
/// No names; the bounds as each field says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Feed {
    /// Names of chains, besides `{app}` and `{app}/{role}`.
    pub chains: BTreeMap<String, String>,
    /// Messages that wait for one subscriber: 1,024. Beyond them it gets a gap.
    pub queue: usize,
    /// Messages that a chain keeps for subscribers that come back: 1,024.
    pub history: usize,
    /// Bytes that all chains keep: 64 MiB. The largest gives way first.
    pub history_bytes: usize,
    /// Subscriptions of one connection: 256.
    pub subscriptions: usize,
    /// How long an event stream lives: 1 h. Then the client comes back.
    #[serde(with = "span")]
    pub stream_life: Duration,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            chains: BTreeMap::new(),
            queue: 1_024,
            history: 1_024,
            history_bytes: 64 << 20,
            subscriptions: 256,
            stream_life: Duration::from_secs(60 * 60),
        }
    }
}
