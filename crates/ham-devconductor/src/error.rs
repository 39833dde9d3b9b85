//! Why a request fails.
//!
//! Clients match on the text of a conductor's errors, so types, names and texts follow `holochain` 0.7.1: what a request
//! fails with here reads as it reads there.

use holo_hash::{AnyDhtHash, DnaHash};
use holochain_conductor_api::ExternalApiWireError;
use holochain_conductor_api::state::ConductorStateError;
use holochain_keystore::KeystoreError;
use holochain_serialized_bytes::SerializedBytesError;
use holochain_state::mutations::StateMutationError;
use holochain_state::query::StateQueryError;
use holochain_state::source_chain::SourceChainError;
use holochain_types::prelude::{
    AgentPubKey, AppBundleError, AppError, AppManifestError, CellId, DisabledAppReason, DnaError,
    FunctionName, InitCallbackResult, InstalledAppId, UnresolvedDependencies, ZomeError, ZomeName,
};
use holochain_wasmer_common::WasmError;
use mr_bundle::error::MrBundleError;

use crate::wasm::RuntimeError;

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

impl From<ApiError> for ExternalApiWireError {
    fn from(error: ApiError) -> Self {
        Self::internal(error)
    }
}

/// As it appears in the text of others.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SerializationError {
    #[error(transparent)]
    Bytes(#[from] SerializedBytesError),
}

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
    ConductorApiError(#[from] Box<ApiError>),
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
    ZomeTypesError(#[from] holochain_types::zome_types::ZomeTypesError),
    #[error("The source code for the zome is missing from the store: {0}")]
    ZomeSourceMissing(String),
    #[error("The thread of the call ended: {0}")]
    JoinError(String),
}

impl From<WasmError> for RibosomeError {
    fn from(error: WasmError) -> Self {
        Self::WasmRuntimeError(error.into())
    }
}

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
    SysValidationError(#[from] super::workflow::Outcome),
    #[error(transparent)]
    KeystoreError(#[from] KeystoreError),
    #[error(transparent)]
    StateQueryError(#[from] StateQueryError),
    #[error(transparent)]
    StateMutationError(#[from] StateMutationError),
    #[error(transparent)]
    SerializedBytesError(#[from] SerializedBytesError),
    #[error("Other: {0}")]
    Other(String),
}

/// What a cell fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CellError {
    #[error(transparent)]
    ConductorApiError(Box<ApiError>),
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
        super::conductor::INIT_PATIENCE.as_secs()
    )]
    InitTimeout,
    #[error(transparent)]
    SerializedBytesError(#[from] SerializedBytesError),
    #[error(transparent)]
    ConductorError(#[from] Box<ConductorError>),
}

/// How `init` ended, over all zomes.
#[derive(Debug, PartialEq)]
pub(crate) enum InitResult {
    Pass,
    Fail(ZomeName, String),
    UnresolvedDependencies(ZomeName, UnresolvedDependencies),
}

impl InitResult {
    /// What one zome answered.
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
    /// Of releases before 0.7.1, in the place of the next one.
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

/// Why an embedded conductor does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data directory cannot be made, read or locked.
    #[error("the data directory {path}: {source}")]
    Directory {
        /// Which.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another conductor uses the data directory.
    #[error("the data directory {0} is in use by another conductor")]
    InUse(std::path::PathBuf),
    /// A database cannot be opened.
    #[error("the database: {0}")]
    Database(String),
    /// The keystore cannot be opened, for example with another passphrase.
    #[error("the keystore: {0}")]
    Keystore(String),
    /// An interface cannot listen on its port.
    #[error("port {port} cannot be listened on: {source}")]
    Port {
        /// Which; 0 for any.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// An app that was installed cannot be started again.
    #[error("an installed app: {0}")]
    App(String),
}

/// What listening fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InterfaceError {
    #[error(transparent)]
    IoError(#[from] std::io::Error),
}
