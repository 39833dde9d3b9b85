//! What is served in the form of other gateways.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::span;

/// What is served in the form of other gateways, without a key.
///
/// # Defaults
/// Nothing; the bounds as each field says, which are those of `holochain_http_gateway`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Compat {
    /// Whether functions can also be called by the addresses of `holochain_http_gateway`.
    pub hc_http_gw: bool,
    /// What anybody may call this way, by app: `zome/function`, or `*` alone for everything.
    pub allowed: BTreeMap<String, Vec<String>>,
    /// Bytes of a payload in base64: 10,240. More is 400.
    pub payload_bytes: usize,
    /// How long a call is waited for: 10 s, at most 49 minutes.
    #[serde(with = "span")]
    pub timeout: Duration,
}

impl Default for Compat {
    fn default() -> Self {
        Self {
            hc_http_gw: false,
            allowed: BTreeMap::new(),
            payload_bytes: 10_240,
            timeout: Duration::from_secs(10),
        }
    }
}
