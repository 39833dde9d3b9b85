//! What may be requested by whatever is running (`holochain` 0.7.1, `HostFnAccess` of each invocation).

use std::sync::Arc;

use holochain_keystore::MetaLairClient;
use holochain_state::host_fn_workspace::{HostFnWorkspaceRead, SourceChainWorkspace};
use holochain_types::prelude::{AgentPubKey, CapSecret};

use crate::cell::Cell;
use crate::wasm::HostFunction;

/// What a zome function runs for.
#[derive(Clone)]
pub(crate) enum Access {
    /// A call from outside or from another function.
    ZomeCall { cell: CellAccess, provenance: AgentPubKey, cap_secret: Option<CapSecret> },
    /// `init`.
    Init(CellAccess),
    /// `post_commit`; after `init` it may not call.
    PostCommit { cell: CellAccess, may_call: bool },
    /// `validate`.
    Validate { workspace: HostFnWorkspaceRead, keystore: MetaLairClient },
    /// `genesis_self_check`: there is no chain yet.
    GenesisSelfCheck { keystore: MetaLairClient },
}

/// A cell and the chain it writes to.
#[derive(Clone)]
pub(crate) struct CellAccess {
    pub(crate) cell: Arc<Cell>,
    pub(crate) workspace: SourceChainWorkspace,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ZomeCall { .. } => "ZomeCall",
            Self::Init(_) => "Init",
            Self::PostCommit { .. } => "PostCommit",
            Self::Validate { .. } => "Validate",
            Self::GenesisSelfCheck { .. } => "GenesisSelfCheck",
        })
    }
}

impl Access {
    pub(crate) fn cell(&self) -> Option<&CellAccess> {
        match self {
            Self::ZomeCall { cell, .. } | Self::Init(cell) | Self::PostCommit { cell, .. } => Some(cell),
            Self::Validate { .. } | Self::GenesisSelfCheck { .. } => None,
        }
    }

    /// The chain and store it reads.
    pub(super) fn workspace(&self) -> Option<HostFnWorkspaceRead> {
        match self {
            Self::Validate { workspace, .. } => Some(workspace.clone()),
            _ => self.cell().map(|cell| cell.workspace.clone().into()),
        }
    }

    pub(super) fn keystore(&self) -> &MetaLairClient {
        match self {
            Self::Validate { keystore, .. } | Self::GenesisSelfCheck { keystore } => keystore,
            Self::ZomeCall { cell, .. } | Self::Init(cell) | Self::PostCommit { cell, .. } => {
                cell.cell.keystore()
            }
        }
    }

    pub(super) fn allows(&self, function: HostFunction) -> bool {
        let need = Need::of(function);
        match self {
            // Whether its target may be called is decided for each call.
            _ if function == HostFunction::Call => self.cell().is_some(),
            _ if function == HostFunction::GetInitProperties => matches!(self, Self::Init(_)),
            Self::ZomeCall { .. } | Self::Init(_) => true,
            Self::PostCommit { .. } => need != Need::Write,
            Self::Validate { .. } => {
                matches!(need, Need::Deterministic | Need::ReadDeterministic | Need::Nothing)
            }
            Self::GenesisSelfCheck { .. } => matches!(need, Need::Deterministic | Need::Nothing),
        }
    }
}

/// What a host function requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    /// The same for everyone at any time: the DNA, the zome, opening what was sealed, checking a signature.
    Deterministic,
    /// What everyone reads the same way once it is there.
    ReadDeterministic,
    Write,
    /// Everything else: other reads, keys, time, randomness, the network.
    Own,
}

impl Need {
    fn of(function: HostFunction) -> Self {
        use HostFunction as F;
        match function {
            F::Trace | F::CapabilityClaims | F::CapabilityGrants | F::CapabilityInfo => Self::Nothing,
            F::DnaInfo1
            | F::DnaInfo2
            | F::ZomeInfo
            | F::VerifySignature
            | F::SecretboxDecrypt
            | F::X25519Decrypt
            | F::Ed25519Decrypt => Self::Deterministic,
            F::MustGetEntry | F::MustGetAction | F::MustGetValidRecord | F::MustGetAgentActivity => {
                Self::ReadDeterministic
            }
            F::Create
            | F::Update
            | F::Delete
            | F::CreateLink
            | F::DeleteLink
            | F::CloseChain
            | F::OpenChain
            | F::Schedule
            | F::CreateCloneCell
            | F::DisableCloneCell
            | F::EnableCloneCell
            | F::DeleteCloneCell => Self::Write,
            _ => Self::Own,
        }
    }
}
