//! What running a zome fails with.

use holo_hash::AnyDhtHash;
use holochain_serialized_bytes::SerializedBytesError;
use holochain_state::query::StateQueryError;
use holochain_state::source_chain::SourceChainError;
use holochain_types::prelude::{DnaError, FunctionName, ZomeError, ZomeName};
use holochain_types::zome_types::ZomeTypesError;
use holochain_wasmer_common::WasmError;

use crate::wasm::RuntimeError;

/// What running a zome fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RibosomeError {
    #[error("Dna error while working with Ribosome: {0}")]
    DnaError(#[from] DnaError),
    #[error("Wasm runtime error while working with Ribosome: RuntimeError: {0}")]
    WasmRuntimeError(#[from] RuntimeError),
    #[error("Serialization error while working with Ribosome: {0}")]
    SerializationError(#[from] SerializedBytesError),
    #[error("Attempted to call a zome function that doesn't exist: Zome: {0} Fn {1}")]
    ZomeFnNotExists(ZomeName, FunctionName),
    #[error("A mandatory record is missing, dht hash: {0}")]
    RecordDeps(AnyDhtHash),
    #[error(transparent)]
    StateQueryError(#[from] StateQueryError),
    #[error(transparent)]
    ConductorApiError(#[from] NoZome),
    #[error(transparent)]
    SourceChainError(#[from] SourceChainError),
    #[error("Host function {2} cannot be called from zome function {1} in zome {0}")]
    HostFnPermissions(ZomeName, FunctionName, String),
    #[error("The callback has invalid parameters: ")]
    CallbackInvalidParameters,
    #[error("The callback has an invalid return type: {0}")]
    CallbackInvalidReturnType(String),
    #[error(transparent)]
    ZomeError(#[from] ZomeError),
    #[error(transparent)]
    ZomeTypesError(#[from] ZomeTypesError),
    #[error("The source code for the zome is missing from the store: {0}")]
    ZomeSourceMissing(String),
    #[error("The thread of the call ended: {0}")]
    JoinError(String),
}

impl RibosomeError {
    pub(super) fn is_of_a_zome(&self) -> bool {
        matches!(self, Self::WasmRuntimeError(_))
    }
}

impl From<WasmError> for RibosomeError {
    fn from(error: WasmError) -> Self {
        Self::WasmRuntimeError(error.into())
    }
}

impl From<tokio::task::JoinError> for RibosomeError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::JoinError(error.to_string())
    }
}

/// A call names a zome that the DNA does not have: an error of the interface's kind, inside a zome error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoZome {
    #[error("ZomeError: {0}")]
    ZomeError(#[from] ZomeError),
}
