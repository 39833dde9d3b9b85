//! What a cell fails with.

use std::time::Duration;

use holochain_serialized_bytes::SerializedBytesError;
use holochain_state::source_chain::SourceChainError;
use holochain_types::prelude::{CellId, InitCallbackResult, UnresolvedDependencies, ZomeName};

use super::load::LoadError;
use super::ribosome::RibosomeError;
use super::workflow::WorkflowError;

/// What a cell fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CellError {
    #[error(transparent)]
    ConductorApiError(GenesisError),
    #[error("This cell has not had a successful genesis and cannot be created")]
    CellWithoutGenesis(CellId),
    #[error(transparent)]
    WorkflowError(#[from] Box<WorkflowError>),
    #[error(transparent)]
    RibosomeError(#[from] RibosomeError),
    #[error(transparent)]
    SourceChainError(#[from] SourceChainError),
    #[error("The cell tried to run the initialize zomes callback but failed because {0:?}")]
    InitFailed(Box<InitResult>),
    #[error(
        "Another zome function has triggered the `init()` callback, which has been blocking this zome call for longer than {} seconds. Giving up.",
        .after.as_secs()
    )]
    InitTimeout { after: Duration },
    #[error("The cell was removed while the call ran: nothing of it is left. CellId: {0}")]
    Removed(CellId),
    #[error("The call was cut off: the conductor goes back to a snapshot")]
    CutOff,
    #[error(transparent)]
    SerializedBytesError(#[from] SerializedBytesError),
    #[error(transparent)]
    ConductorError(#[from] Box<LoadError>),
}

/// What beginning a chain fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenesisError {
    #[error(transparent)]
    WorkflowError(#[from] Box<WorkflowError>),
}

/// How `init` ended, over all zomes.
#[derive(Debug, PartialEq)]
pub(crate) enum InitResult {
    Pass,
    Fail(ZomeName, String),
    UnresolvedDependencies(ZomeName, UnresolvedDependencies),
}

impl InitResult {
    /// The result of one zome.
    pub(crate) fn of(zome_name: ZomeName, answer: InitCallbackResult) -> Self {
        match answer {
            InitCallbackResult::Pass => Self::Pass,
            InitCallbackResult::Fail(reason) => Self::Fail(zome_name, reason),
            InitCallbackResult::UnresolvedDependencies(missing) => {
                Self::UnresolvedDependencies(zome_name, missing)
            }
        }
    }
}
