//! Why an app is not installed, or not reached.

use std::io;

use holochain_types::prelude::CellId;

use super::Cause;
use super::conductor::{ConductorError, InterfaceError};
use super::port::port_of;

/// Why [`DevConductor::install`](crate::DevConductor::install) fails. Nothing is then installed, except with [`NotEnabled`](Self::NotEnabled).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The bundle cannot be read: it is not an app bundle, lacks something that it names, or is too large.
    #[error("the app bundle cannot be read")]
    Bundle {
        /// What is wrong with it.
        source: Cause,
    },
    /// A cell cannot be created: the code of a zome cannot be loaded, or its `genesis_self_check` refuses the agent.
    #[error("the cells of the app cannot be created")]
    Genesis {
        /// Which cells, and why.
        source: Cause,
    },
    /// The keystore does not create a key for the app.
    #[error("the keystore cannot create a key for the app")]
    Keystore {
        /// What the keystore says.
        source: Cause,
    },
    /// An app with this id is installed and runs something else; it is left as it is. Only from an [`Observer`](crate::Observer).
    #[error(
        "the app {id} is installed already, and its role {role} runs different {} zomes than the bundle",
        if *is_other_dna { "integrity" } else { "coordinator" }
    )]
    OtherCode {
        /// The id.
        id: String,
        /// The first of its roles that runs something else.
        role: String,
        /// Whether it is another DNA: its integrity zomes or its modifiers differ. Otherwise only its coordinator zomes differ, which
        /// can be replaced.
        is_other_dna: bool,
    },
    /// A database cannot be read or written.
    #[error("a database cannot be used")]
    Database {
        /// What the database says.
        source: Cause,
    },
    /// The conductor refuses it for another reason, for example because its cells belong to another app.
    #[error("the conductor refuses the app")]
    Refused {
        /// Why.
        source: Cause,
    },
    /// It is installed but cannot be enabled, for example because it awaits membrane proofs.
    #[error("the app {id} is installed, but cannot be enabled")]
    NotEnabled {
        /// The id under which it is installed.
        id: String,
        /// Why.
        source: Cause,
    },
}

impl From<ConductorError> for InstallError {
    fn from(error: ConductorError) -> Self {
        use ConductorError as C;
        let of: fn(Cause) -> Self = match &error {
            C::AppBundleError(_) | C::AppManifestError(_) | C::MrBundleError(_) => {
                |source| Self::Bundle { source }
            }
            C::GenesisFailed { .. } => |source| Self::Genesis { source },
            C::KeystoreError(_) => |source| Self::Keystore { source },
            C::StateQueryError(_) | C::StateMutationError(_) => |source| Self::Database { source },
            _ => |source| Self::Refused { source },
        };
        of(error.into())
    }
}

/// Why [`DevConductor::replace_coordinators`](crate::DevConductor::replace_coordinators) fails. Nothing is then changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// No app has the cell.
    #[error("there is no cell {cell}")]
    NoCell {
        /// The cell.
        cell: CellId,
    },
    /// The zomes cannot be used: code is missing or cannot be loaded, or one depends on an integrity zome that is not there.
    #[error("the coordinator zomes cannot be used")]
    Zomes {
        /// Why.
        source: Cause,
    },
}

impl ReplaceError {
    pub(crate) fn of(cell: &CellId, error: ConductorError) -> Self {
        match error {
            ConductorError::CellMissing(_) => Self::NoCell { cell: cell.clone() },
            other => Self::Zomes { source: other.into() },
        }
    }
}

/// Why [`DevConductor::attach_app_interface`](crate::DevConductor::attach_app_interface) fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The interface cannot listen on its port.
    #[error("cannot listen on {}", port_of(*port))]
    Port {
        /// The port; 0 for any.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The database does not accept it.
    #[error("a database cannot be used")]
    Database {
        /// What the database says.
        source: Cause,
    },
}

impl AttachError {
    pub(crate) fn of(port: u16, error: ConductorError) -> Self {
        match error {
            ConductorError::InterfaceError(InterfaceError::IoError(source)) => Self::Port { port, source },
            other => Self::Database { source: other.into() },
        }
    }
}
