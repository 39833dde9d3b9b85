//! What conductors say when they refuse a call.

use holochain_conductor_api::ExternalApiWireError;
use holochain_zome_types::cell::CellId;

pub(crate) fn internal(words: &str) -> ExternalApiWireError {
    ExternalApiWireError::InternalError(words.into())
}

/// The called cell is not there.
pub(crate) fn cell_missing(cell: &CellId) -> ExternalApiWireError {
    internal(&format!("Conductor returned an error while using a ConductorApi: CellMissing({cell:?})"))
}

pub(crate) fn duplicate() -> ExternalApiWireError {
    unauthorized("BadNonce(\"Duplicate\")")
}

/// Refused by the nonce or the grant, in the words of 0.7.1.
pub(crate) fn unauthorized(reason: &str) -> ExternalApiWireError {
    let words = format!(
        "Call was not authorized with reason {reason}, cap secret None to call the function f in zome z"
    );
    ExternalApiWireError::ZomeCallUnauthorized(words)
}

pub(crate) fn no_function() -> ExternalApiWireError {
    internal("Attempted to call a zome function that doesn't exist: Zome: z Fn f")
}

/// A function that failed.
pub(crate) fn guest() -> ExternalApiWireError {
    internal("Wasm runtime error while working with Ribosome: RuntimeError: Guest(\"no\")")
}
