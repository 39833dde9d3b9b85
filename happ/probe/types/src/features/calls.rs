//! Calls that a zome makes in turn, and checks of signatures.

use holo_hash::AgentPubKey;
use holochain_zome_types::prelude::{CapSecret, CellId, ExternIO, FunctionName, Signature, ZomeName};
use serde::{Deserialize, Serialize};

/// Whom a call goes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Target {
    /// The calling cell itself, and the same commit.
    Local,
    /// A role of the same app.
    Role(String),
    /// A cell of the same conductor.
    Cell(CellId),
    /// An agent of the same DNA, through the network.
    Agent(AgentPubKey),
}

/// Input of `call_any` and, in a list, of `call_many`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRequest {
    /// Whom the call goes to.
    pub target: Target,
    /// The zome to call.
    pub zome: ZomeName,
    /// The function to call.
    pub function: FunctionName,
    /// The secret of a grant.
    #[serde(default)]
    pub cap_secret: Option<CapSecret>,
    /// The argument, already encoded as MessagePack.
    pub payload: ExternIO,
}

/// Input of `verify_text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CryptoCheck {
    /// Who is said to have signed.
    pub key: AgentPubKey,
    /// The signature.
    pub signature: Signature,
    /// What is said to be signed.
    pub text: String,
}
