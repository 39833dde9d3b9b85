//! What a guest is told when a host function fails.

use holochain_types::prelude::{FunctionName, ZomeName};
use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};

use crate::error::RibosomeError;
use crate::wasm::HostFunction;

pub(super) type Answer<T> = Result<T, WasmError>;

/// The answer of a host function that may not be called here.
pub(super) fn denied(zome: &ZomeName, caller: &FunctionName, function: HostFunction) -> WasmError {
    let error = RibosomeError::HostFnPermissions(zome.clone(), caller.clone(), function.short().to_owned());
    host(error)
}

/// An error for the guest. Its text is bounded: an error that passes through nested calls is quoted by each, and every quoting
/// doubles its backslashes.
pub(super) fn host(error: impl ToString) -> WasmError {
    let mut text = error.to_string();
    if text.len() > MAX_ERROR {
        text.truncate(text.floor_char_boundary(MAX_ERROR));
        text.push('…');
    }
    wasm_error!(WasmErrorInner::Host(text))
}

/// How many bytes the text of an error may have.
const MAX_ERROR: usize = 64 << 10;
