//! The functions of the coordinator zome.

use crate::host::*;
use holo_hash::{ActionHash, AnyDhtHash};
use holochain_serialized_bytes::prelude::UnsafeBytes;
use holochain_wasmer_guest::*;
use holochain_zome_types::prelude::*;

/// Returns any MessagePack value byte for byte.
#[no_mangle]
pub extern "C" fn bare_echo(ptr: usize, len: usize) -> DoubleUSize {
    match host_args::<ExternIO>(ptr, len) {
        Ok(value) => return_ptr(value),
        Err(error) => error,
    }
}

/// Takes JSON, which the conductor does not look at, and answers with JSON.
#[no_mangle]
pub extern "C" fn bare_json(ptr: usize, len: usize) -> DoubleUSize {
    match host_args::<ExternIO>(ptr, len) {
        Ok(ExternIO(json)) => {
            let answer = [&b"{\"received\":"[..], &json, b"}"].concat();
            return_ptr(ExternIO(answer))
        }
        Err(error) => error,
    }
}

/// The conductor's clock.
#[no_mangle]
pub extern "C" fn bare_now(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |(): ()| host_call::<(), Timestamp>(__hc__sys_time_1, ()))
}

/// The name of the DNA.
#[no_mangle]
pub extern "C" fn bare_dna_name(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |(): ()| host_call::<(), DnaInfo>(__hc__dna_info_2, ()).map(|dna| dna.name))
}

/// Writes an entry whose content is the argument's MessagePack; nil is refused by validation.
#[no_mangle]
pub extern "C" fn bare_create(ptr: usize, len: usize) -> DoubleUSize {
    match host_args::<ExternIO>(ptr, len).map(create) {
        Ok(Ok(hash)) => match ExternIO::encode(hash) {
            Ok(answer) => return_ptr(answer),
            Err(error) => return_err_ptr(wasm_error!(error)),
        },
        Ok(Err(error)) => return_err_ptr(error),
        Err(error) => error,
    }
}

/// Reads a record.
#[no_mangle]
pub extern "C" fn bare_get(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |hash: AnyDhtHash| {
        let wanted = vec![GetInput::new(hash, GetOptions::local())];
        host_call::<Vec<GetInput>, Vec<Option<Record>>>(__hc__get_1, wanted)
    })
}

/// Writes a line into the conductor's log.
#[no_mangle]
pub extern "C" fn bare_trace(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |msg: String| {
        host_call::<TraceMsg, ()>(__hc__trace_1, TraceMsg { level: Level::WARN, msg })
    })
}

/// Fails with a guest's error.
#[no_mangle]
pub extern "C" fn bare_fail(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |text: String| -> Result<(), WasmError> { Err(wasm_error!(WasmErrorInner::Guest(text))) })
}

fn create(ExternIO(bytes): ExternIO) -> Result<ActionHash, WasmError> {
    let zome: ZomeInfo = host_call(__hc__zome_info_1, ())?;
    let none = || wasm_error!(WasmErrorInner::Guest("bare depends on no integrity zome".to_owned()));
    let (zome_index, types) = zome.zome_types.entries.0.first().cloned().ok_or_else(none)?;
    let entry_def_index = types.first().copied().ok_or_else(none)?;
    let input = CreateInput::new(
        EntryDefLocation::app(zome_index, entry_def_index),
        EntryVisibility::Public,
        Entry::App(AppEntryBytes(SerializedBytes::from(UnsafeBytes::from(bytes)))),
        ChainTopOrdering::Relaxed,
    );
    host_call(__hc__create_1, input)
}
