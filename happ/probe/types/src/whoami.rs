//! Which cell answers, and to whom.

use holo_hash::{AgentPubKey, DnaHash};
use serde::{Deserialize, Serialize};

/// Output of `whoami`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whoami {
    /// The agent of the cell that answers.
    pub agent: AgentPubKey,
    /// The agent whose key signed the call.
    pub provenance: AgentPubKey,
    /// The function as the conductor dispatched it.
    pub function: String,
    /// How the call was allowed: `author`, or the kind of the grant it used.
    pub access: String,
    /// The DNA of the cell that answers; clones differ here.
    pub dna_hash: DnaHash,
    /// The name in the DNA's manifest.
    pub dna_name: String,
    /// The network seed the cell was made with.
    pub network_seed: String,
}
