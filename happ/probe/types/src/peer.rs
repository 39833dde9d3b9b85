//! Messages to other agents.

use holo_hash::AgentPubKey;
use serde::{Deserialize, Serialize};

/// Input of `send_remote`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendRemote {
    /// Who receives it.
    pub agents: Vec<AgentPubKey>,
    /// What they receive, as the signal `remote`.
    pub text: String,
}
