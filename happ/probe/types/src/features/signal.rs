//! What the zomes of the role `features` tell their clients.

use holo_hash::AgentPubKey;
use holochain_zome_types::prelude::SignedActionHashed;
use serde::{Deserialize, Serialize};

/// The payload of every signal: a map with the field `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeatureSignal {
    /// Sent by `post_commit`.
    Committed {
        /// Whose `post_commit` it was.
        zome: String,
        /// What it was given.
        actions: Vec<SignedActionHashed>,
    },
    /// Sent by `post_commit` when what it did next went wrong.
    PostCommitFailed {
        /// The error's text.
        text: String,
    },
    /// Sent by `signal`.
    Emitted {
        /// The argument.
        text: String,
    },
    /// Another agent called `signal_remote`.
    Remote {
        /// The agent who sent it, as the conductor saw it.
        from: AgentPubKey,
        /// The text that was sent.
        text: String,
    },
}
