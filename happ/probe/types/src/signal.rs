//! What the zome `probe` tells its clients without being asked.

use holo_hash::{ActionHash, AgentPubKey};
use serde::{Deserialize, Serialize};

/// The payload of every signal of the zome `probe`: a map with the field `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProbeSignal {
    /// Sent by `post_commit`: what one call has written.
    Committed {
        /// In the order of the chain.
        actions: Vec<CommittedAction>,
    },
    /// Sent by `emit`, before the call answers.
    Emitted {
        /// The argument of `emit`.
        text: String,
    },
    /// Another agent called `send_remote`.
    Remote {
        /// The agent who sent it, as the conductor saw it.
        from: AgentPubKey,
        /// The text that was sent.
        text: String,
    },
}

/// One action of [`ProbeSignal::Committed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedAction {
    /// The action's hash.
    pub hash: ActionHash,
    /// The call id, when the action created an item; else the field is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
}
