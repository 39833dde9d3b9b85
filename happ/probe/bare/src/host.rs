//! The host functions it uses, declared by hand, and the way in and out of its own functions.

use holochain_wasmer_guest::*;
use holochain_zome_types::prelude::ExternIO;
use serde::{de::DeserializeOwned, Serialize};
use std::fmt::Debug;

host_externs!(capability_info:1, create:1, dna_info:2, get:1, sys_time:1, trace:1, zome_info:1);

/// Decodes the argument, runs the function, encodes its answer.
pub(crate) fn serve<I, O>(
    ptr: usize,
    len: usize,
    function: impl FnOnce(I) -> Result<O, WasmError>,
) -> DoubleUSize
where
    I: DeserializeOwned + Debug,
    O: Serialize + Debug,
{
    let argument: ExternIO = match host_args(ptr, len) {
        Ok(argument) => argument,
        Err(error) => return error,
    };
    let answer = argument
        .decode()
        .map_err(|e| wasm_error!(e))
        .and_then(function)
        .and_then(|answer| ExternIO::encode(answer).map_err(|e| wasm_error!(e)));
    match answer {
        Ok(answer) => return_ptr(answer),
        Err(error) => return_err_ptr(error),
    }
}
