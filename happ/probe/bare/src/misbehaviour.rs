//! Answers that break the interface, which no function of the HDK can give.

use crate::host::*;
use holochain_wasmer_guest::{allocation::write_bytes, *};

/// Answers with bytes that are no MessagePack.
#[no_mangle]
pub extern "C" fn bare_garbage(_: usize, _: usize) -> DoubleUSize {
    let garbage = vec![0xc1; 16];
    let len = garbage.len();
    merge_usize(write_bytes(garbage), len).unwrap_or_else(return_err_ptr)
}

/// Answers with a place that lies outside of its memory.
#[no_mangle]
pub extern "C" fn bare_nowhere(_: usize, _: usize) -> DoubleUSize {
    merge_usize(usize::MAX - 1024, 512).unwrap_or_else(return_err_ptr)
}

/// Answers with a length that its memory does not have.
#[no_mangle]
pub extern "C" fn bare_too_long(_: usize, _: usize) -> DoubleUSize {
    merge_usize(write_bytes(vec![0x93; 16]), usize::MAX / 2).unwrap_or_else(return_err_ptr)
}

/// Answers with a number where bytes should be: the zome's types and the host's do not fit.
#[no_mangle]
pub extern "C" fn bare_wrong_type(_: usize, _: usize) -> DoubleUSize {
    return_ptr(7_u32)
}

/// Calls a host function that exists by name only.
#[no_mangle]
pub extern "C" fn bare_unimplemented(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |(): ()| host_call::<(), ()>(__hc__capability_info_1, ()))
}
