//! Hashes as text: 53 characters that begin with `u`.

use ham_json::{hash, is_hash};
use holo_hash::{ActionHash, AgentPubKey};

use crate::failure::Failure;

/// An action's hash.
pub(crate) fn action(text: &str) -> Result<ActionHash, Failure> {
    hash(text).ok_or_else(|| mistaken(text, "an action hash", "uhCkk"))
}

/// An agent's key.
pub(crate) fn agent(text: &str) -> Result<AgentPubKey, Failure> {
    hash(text).ok_or_else(|| mistaken(text, "an agent's key", "uhCAk"))
}

/// What a hash identifies: `action`, `entry`, `agent`, …
pub(crate) fn kind(text: &str) -> Result<&'static str, Failure> {
    let bytes = holo_hash::encode::holo_hash_decode_unchecked(text).ok().filter(|bytes| is_hash(bytes));
    let kind = bytes.and_then(|bytes| match bytes.get(1)? {
        0x20 => Some("agent"),
        0x21 => Some("entry"),
        0x29 => Some("action"),
        0x2d => Some("DNA"),
        0x2f => Some("external"),
        _ => Some("hash"),
    });
    kind.ok_or_else(|| mistaken(text, "a hash", "uhC"))
}

fn mistaken(text: &str, what: &str, begins: &str) -> Failure {
    Failure::usage(
        format!("`{text}` is not {what}"),
        format!("copy one printed by a ham command; it starts with {begins}"),
    )
}
