//! Errors that have another text in an earlier release.

use holochain_conductor_api::ExternalApiWireError;

use super::table::{CellsOff, Dialect, UnknownApps, ZomeErrors};
use crate::error::{ApiError, CellError, ConductorError, RibosomeError};
use crate::wasm::RuntimeError;

impl Dialect {
    /// What a client is told about an error.
    pub(crate) fn error(&self, error: ApiError) -> ExternalApiWireError {
        match error {
            ApiError::StateError(error) if self.unknown_apps == UnknownApps::Conductor => {
                ApiError::ConductorError(error.into())
            }
            ApiError::ConductorError(error) => ApiError::ConductorError(self.conductor_error(error)),
            ApiError::CellError(CellError::RibosomeError(RibosomeError::WasmRuntimeError(
                RuntimeError::User(error),
            ))) if self.zome_errors == ZomeErrors::File => {
                let error = RibosomeError::WasmRuntimeError(RuntimeError::Earlier(error));
                ApiError::CellError(error.into())
            }
            error => error,
        }
        .into()
    }

    fn conductor_error(&self, error: ConductorError) -> ConductorError {
        match error {
            ConductorError::CellNotRunning(cell, _) if self.cells_off == CellsOff::Disabled => {
                ConductorError::CellDisabled(cell)
            }
            error => error,
        }
    }
}
