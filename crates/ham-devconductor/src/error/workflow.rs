//! What calling, committing and validating fail with.

use holochain_keystore::KeystoreError;
use holochain_serialized_bytes::SerializedBytesError;
use holochain_state::mutations::StateMutationError;
use holochain_state::query::StateQueryError;
use holochain_state::source_chain::SourceChainError;

use super::outcome::Outcome;
use super::ribosome::RibosomeError;

/// What calling, committing and validating fail with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkflowError {
    #[error("The genesis self-check failed. App cannot be installed. Reason: {0}")]
    GenesisFailure(String),
    #[error(transparent)]
    RibosomeError(#[from] RibosomeError),
    #[error("Source chain error: {0}")]
    SourceChainError(#[from] SourceChainError),
    #[error(transparent)]
    SysValidationError(#[from] Outcome),
    #[error(transparent)]
    KeystoreError(#[from] KeystoreError),
    #[error(transparent)]
    StateQueryError(#[from] StateQueryError),
    #[error(transparent)]
    StateMutationError(#[from] StateMutationError),
    #[error(transparent)]
    SerializedBytesError(#[from] SerializedBytesError),
}

impl WorkflowError {
    pub(super) fn is_of_a_zome(&self) -> bool {
        matches!(self, Self::RibosomeError(error) if error.is_of_a_zome())
    }
}
