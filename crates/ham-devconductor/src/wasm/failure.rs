//! Why running a guest fails.

use std::fmt;

use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};

use crate::budget::Exceeded;

/// The error of a call, with the texts of the engine that `holochain` has.
pub(crate) enum RuntimeError {
    /// The guest's, the host's, or that of a trap.
    User(WasmError),
    /// The same in the words of the engine that `holochain` 0.6 has.
    Earlier(WasmError),
    /// The answer lies outside the guest's memory.
    MemoryAccess,
}

impl From<WasmError> for RuntimeError {
    fn from(error: WasmError) -> Self {
        Self::User(error)
    }
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(error) => error.fmt(f),
            // The location is the module: the file is not known any more.
            Self::Earlier(WasmError { module_path, line, error }) => {
                write!(f, "WasmError {{ file: {module_path:?}, line: {line}, error: {error:?} }}")
            }
            Self::MemoryAccess => f.write_str("memory access out of bounds"),
        }
    }
}

/// As it appears in the text of others.
impl fmt::Debug for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(error) | Self::Earlier(error) => {
                write!(f, "RuntimeError {{ source: Sys(User({error:?})), wasm_trace: [] }}")
            }
            Self::MemoryAccess => {
                f.write_str("RuntimeError { source: Generic(\"memory access out of bounds\") }")
            }
        }
    }
}

impl std::error::Error for RuntimeError {}

/// Carries a WASM error through the interpreter.
#[derive(Debug)]
pub(super) struct Carried(pub(super) WasmError);

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl wasmi::errors::HostError for Carried {}

pub(super) fn trap(error: WasmErrorInner) -> wasmi::Error {
    wasmi::Error::host(Carried(wasm_error!(error)))
}

/// What a guest, and its waiters, end with at a bound.
pub(crate) fn exceeded(error: Exceeded) -> WasmError {
    wasm_error!(WasmErrorInner::CallError(format!("RuntimeError: {error}")))
}
