//! Calls that a zome makes in turn.

use holo_hash::AgentPubKey;
use holochain_zome_types::prelude::{CapSecret, CellId, ExternIO, FunctionName, ZomeName};
use serde::{Deserialize, Serialize};

/// Input of `call_other_cell`. The output is the answer's MessagePack, undecoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallOtherCell {
    /// Any cell of the same conductor.
    pub cell_id: CellId,
    /// The zome to call.
    pub zome: ZomeName,
    /// The function to call.
    pub function: FunctionName,
    /// The argument, already encoded as MessagePack.
    pub payload: ExternIO,
}

/// Input of `call_peer`: the same for another agent's cell of this DNA. The output is undecoded MessagePack.
#[derive(Clone, Serialize, Deserialize)]
pub struct CallPeer {
    /// Who is called.
    pub agent: AgentPubKey,
    /// The zome to call.
    pub zome: ZomeName,
    /// The function to call.
    pub function: FunctionName,
    /// The secret of the peer's grant; none for an unrestricted function.
    pub cap_secret: Option<CapSecret>,
    /// The argument, already encoded as MessagePack.
    pub payload: ExternIO,
}

// `hdk_extern` needs Debug; a derived one would print the secret into error texts.
impl std::fmt::Debug for CallPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallPeer")
            .field("agent", &self.agent)
            .field("zome", &self.zome)
            .field("function", &self.function)
            .finish_non_exhaustive()
    }
}
