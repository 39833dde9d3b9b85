//! What a request to an interface fails with.

use holo_hash::DnaHash;
use holochain_conductor_api::ExternalApiWireError;
use holochain_conductor_api::state::ConductorStateError;
use holochain_keystore::KeystoreError;
use holochain_serialized_bytes::SerializedBytesError;
use holochain_state::mutations::StateMutationError;
use holochain_state::query::StateQueryError;
use holochain_state::source_chain::SourceChainError;
use holochain_types::prelude::{CellId, DnaError, ZomeError};
use mr_bundle::error::MrBundleError;

use super::cell::CellError;
use super::conductor::ConductorError;
use super::load::LoadError;
use super::ribosome::RibosomeError;
use super::workflow::WorkflowError;

/// What a request to an interface fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("The Cell for this cell id is not installed in the conductor! CellId: {0}")]
    CellMissing(CellId),
    #[error("Conductor returned an error while using a ConductorApi: {0:?}")]
    ConductorError(#[from] ConductorError),
    #[error(transparent)]
    StateError(#[from] ConductorStateError),
    #[error("Serialization error while using a InterfaceApi: {0:?}")]
    SerializationError(#[from] SerializationError),
    #[error(transparent)]
    WorkflowError(#[from] WorkflowError),
    #[error("ZomeError: {0}")]
    ZomeError(#[from] ZomeError),
    #[error("KeystoreError: {0}")]
    KeystoreError(#[from] KeystoreError),
    #[error(transparent)]
    CellError(#[from] CellError),
    #[error(transparent)]
    SourceChainError(#[from] SourceChainError),
    #[error(transparent)]
    MrBundleError(#[from] MrBundleError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    StateQuery(#[from] StateQueryError),
    #[error(transparent)]
    StateMutation(#[from] StateMutationError),
    #[error("DnaError: {0}")]
    DnaError(#[from] DnaError),
    #[error(transparent)]
    RibosomeError(#[from] RibosomeError),
    #[error("The K2 Space {0} does not exist")]
    UnknownSpace(DnaHash),
    #[error("Other: {0}")]
    Other(String),
}

impl ApiError {
    /// Whether a function or a callback failed, or was cut off: what a call had staged is then dropped.
    pub(crate) fn is_of_a_zome(&self) -> bool {
        match self {
            Self::CellError(CellError::RibosomeError(error)) | Self::RibosomeError(error) => {
                error.is_of_a_zome()
            }
            Self::CellError(CellError::WorkflowError(error)) => error.is_of_a_zome(),
            Self::WorkflowError(error) => error.is_of_a_zome(),
            _ => false,
        }
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        Self::ConductorError(error.into())
    }
}

impl From<ApiError> for ExternalApiWireError {
    fn from(error: ApiError) -> Self {
        Self::internal(error)
    }
}

/// As it appears in the text of other errors.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SerializationError {
    #[error(transparent)]
    Bytes(#[from] SerializedBytesError),
}
