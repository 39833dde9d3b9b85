//! Functions that give back what they got.

use hdk::prelude::*;

/// Returns any MessagePack value unchanged, byte for byte.
///
/// Written out because `hdk_extern` decodes its argument into a type, and none holds every value.
#[no_mangle]
pub extern "C" fn echo(guest_ptr: usize, len: usize) -> DoubleUSize {
    match host_args::<ExternIO>(guest_ptr, len) {
        Ok(value) => return_ptr(value),
        Err(error) => error,
    }
}

/// Returns the text.
#[hdk_extern]
pub fn echo_text(text: String) -> ExternResult<String> {
    Ok(text)
}
