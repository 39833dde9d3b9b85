//! Capability grants and claims.

use holo_hash::{ActionHash, AgentPubKey};
use holochain_zome_types::prelude::{CapSecret, FunctionName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Input of `grant`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityRequest {
    /// By which the grant is found again.
    pub tag: String,
    /// Functions of the zome `probe`.
    pub functions: BTreeSet<FunctionName>,
    /// Who may use the grant; none means whoever knows the secret.
    #[serde(default)]
    pub assignees: Option<BTreeSet<AgentPubKey>>,
}

/// Output of `grant`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Granted {
    /// Names the grant in `revoke`.
    pub action_hash: ActionHash,
    /// Made by the zome; it is shown this once.
    pub secret: CapSecret,
}

/// Input of `claim`.
#[derive(Clone, Serialize, Deserialize)]
pub struct CapabilityClaim {
    /// By which the claim is found again.
    pub tag: String,
    /// The agent who granted.
    pub grantor: AgentPubKey,
    /// What the grantor handed over.
    pub secret: CapSecret,
}

/// One row of `list_grants`: grants that were not revoked, without their secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantListing {
    /// Names the grant in `revoke`.
    pub action_hash: ActionHash,
    /// As given to `grant`, or by a client.
    pub tag: String,
    /// `unrestricted`, `transferable` or `assigned`.
    pub access: String,
}

// `hdk_extern` needs Debug; a derived one would print the secret into error texts.
impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Granted").field("action_hash", &self.action_hash).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for CapabilityClaim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CapabilityClaim")
            .field("tag", &self.tag)
            .field("grantor", &self.grantor)
            .finish_non_exhaustive()
    }
}
