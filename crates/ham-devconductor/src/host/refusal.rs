//! What a guest is told of a host function that fails.

use holochain_types::prelude::{FunctionName, ZomeName};
use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};

use crate::error::RibosomeError;
use crate::wasm::HostFunction;

pub(super) type Answer<T> = Result<T, WasmError>;

/// What a host function answers that may not be called here.
pub(super) fn denied(zome: &ZomeName, caller: &FunctionName, function: HostFunction) -> WasmError {
    let error = RibosomeError::HostFnPermissions(zome.clone(), caller.clone(), function.short().to_owned());
    host(error)
}

/// An error that the guest is told of. Its text is bounded: one that is handed through calls of calls is quoted by each, and
/// every quoting doubles its backslashes.
pub(super) fn host(error: impl ToString) -> WasmError {
    let mut text = error.to_string();
    if text.len() > MAX_ERROR {
        text.truncate(text.floor_char_boundary(MAX_ERROR));
        text.push('…');
    }
    wasm_error!(WasmErrorInner::Host(text))
}

/// Bytes of the text of an error.
const MAX_ERROR: usize = 64 << 10;
