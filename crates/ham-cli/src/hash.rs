//! Hashes as they are written: 53 characters that begin with `u`.

use ham_json::hash;
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

fn mistaken(text: &str, what: &str, begins: &str) -> Failure {
    Failure::usage(
        format!("`{text}` is not {what}"),
        format!("copy one that a command of ham has printed; it starts with {begins}"),
    )
}
