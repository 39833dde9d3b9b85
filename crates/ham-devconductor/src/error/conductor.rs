//! What the life of apps and cells fails with.

use holochain_conductor_api::state::ConductorStateError;
use holochain_keystore::KeystoreError;
use holochain_serialized_bytes::SerializedBytesError;
use holochain_state::mutations::StateMutationError;
use holochain_state::query::StateQueryError;
use holochain_state::source_chain::SourceChainError;
use holochain_types::prelude::{
    AgentPubKey, AppBundleError, AppError, AppManifestError, CellId, DisabledAppReason, DnaError,
    InstalledAppId, ZomeError,
};
use mr_bundle::error::MrBundleError;

use super::cell::CellError;
use super::load::LoadError;
use super::ribosome::RibosomeError;
use super::workflow::WorkflowError;

/// What the life of apps and cells fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConductorError {
    #[error("Internal Cell error: {0}")]
    InternalCellError(#[from] CellError),
    #[error(transparent)]
    AppError(#[from] AppError),
    #[error(transparent)]
    AppBundleError(#[from] AppBundleError),
    #[error(
        "App can't be disabled/uninstalled because it is protected by its dependents. App: {0} Dependents: {1:?}"
    )]
    AppHasDependents(InstalledAppId, Vec<InstalledAppId>),
    #[error(transparent)]
    AppManifestError(#[from] AppManifestError),
    #[error("Cell already exists. CellId: {0:?}")]
    CellAlreadyExists(CellId),
    /// For releases before 0.7.1, in place of the next one.
    #[error("Cell was referenced, but is currently disabled. CellId: {0:?}")]
    CellDisabled(CellId),
    #[error("Cell was referenced, but is not running. CellId: {0:?} Reason: {1}")]
    CellNotRunning(CellId, CellUnavailableReason),
    #[error("Cell was referenced, but is missing from the conductor. CellId: {0:?}")]
    CellMissing(CellId),
    #[error("Error while cloning cell: {0}")]
    CloneCellError(String),
    #[error("ZomeError: {0}")]
    ZomeError(#[from] ZomeError),
    #[error("DnaError: {0}")]
    DnaError(#[from] DnaError),
    #[error("Workflow error: {0:?}")]
    WorkflowError(#[from] WorkflowError),
    #[error("Failed to run genesis on the following cells in the app: {errors:?}")]
    GenesisFailed { errors: Vec<(CellId, CellError)> },
    #[error("DNA definition was not found in the store: {0}")]
    DnaDefMissing(CellId),
    #[error("Tried to access an app that was not installed: {0}")]
    AppNotInstalled(InstalledAppId),
    #[error("Tried to install an app using an already-used InstalledAppId: {0}")]
    AppAlreadyInstalled(InstalledAppId),
    #[error("App status could not be changed: {0}")]
    AppStatusError(String),
    #[error("Invalid combination of app install options in the payload: {0}")]
    InvalidInstallAppPayload(String),
    #[error("Init properties error: {0}")]
    InitPropertiesError(String),
    #[error(transparent)]
    KeystoreError(#[from] KeystoreError),
    #[error(transparent)]
    MrBundleError(#[from] MrBundleError),
    #[error(transparent)]
    SourceChainError(#[from] SourceChainError),
    #[error(transparent)]
    SerializedBytesError(#[from] SerializedBytesError),
    #[error(transparent)]
    StateQueryError(#[from] StateQueryError),
    #[error(transparent)]
    StateMutationError(#[from] StateMutationError),
    #[error(transparent)]
    RibosomeError(#[from] RibosomeError),
    #[error("Agent key {0} is not present in the local Lair keystore")]
    AgentKeyNotInKeystore(AgentPubKey),
    #[error("Authentication failed with reason: {0}")]
    FailedAuthenticationError(String),
    #[error("Interface error: {0}")]
    InterfaceError(#[from] InterfaceError),
    #[error("Other: {0}")]
    Other(String),
}

impl From<ConductorStateError> for ConductorError {
    fn from(error: ConductorStateError) -> Self {
        match error {
            ConductorStateError::AppNotInstalled(id) => Self::AppNotInstalled(id),
            ConductorStateError::AppAlreadyInstalled(id) => Self::AppAlreadyInstalled(id),
        }
    }
}

impl From<LoadError> for ConductorError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::DnaDefMissing(cell) => Self::DnaDefMissing(cell),
            LoadError::StateQueryError(error) => Self::StateQueryError(error),
            LoadError::RibosomeError(error) => Self::RibosomeError(error),
            LoadError::Other(text) => Self::Other(text),
        }
    }
}

/// Why a cell that exists cannot be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CellUnavailableReason {
    #[error("the app is disabled: {0:?}")]
    AppDisabled(DisabledAppReason),
    #[error("the app is awaiting membrane proofs")]
    AppAwaitingMemproofs,
    #[error("the clone cell is disabled")]
    CloneCellDisabled,
    #[error("the cell has not finished starting")]
    NotStarted,
}

/// What listening fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InterfaceError {
    #[error(transparent)]
    IoError(#[from] std::io::Error),
}
