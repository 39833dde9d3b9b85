//! In whose name a call is made, and with which key.

use holochain_zome_types::prelude::{AgentPubKey, CapSecret};

/// In whose name a call is made.
pub(crate) struct Credentials {
    pub(crate) provenance: AgentPubKey,
    pub(crate) cap_secret: Option<CapSecret>,
    pub(super) key: Key,
}

pub(super) enum Key {
    /// Held by the keystore.
    Lair,
    /// Held by us.
    Own(Box<ed25519_dalek::SigningKey>),
}
