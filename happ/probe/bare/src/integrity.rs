//! The callbacks of the integrity zome.

use crate::host::serve;
use holochain_serialized_bytes::prelude::UnsafeBytes;
use holochain_wasmer_guest::*;
use holochain_zome_types::prelude::*;

/// One entry type.
#[no_mangle]
pub extern "C" fn __num_entry_types() -> u32 {
    1
}

/// No link types.
#[no_mangle]
pub extern "C" fn __num_link_types() -> u32 {
    0
}

/// The entry type: bytes, public, confirmed by three.
#[no_mangle]
pub extern "C" fn entry_defs(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |(): ()| {
        let bytes = EntryDef::new(
            EntryDefId::App(AppEntryName::from_str("bytes")),
            EntryVisibility::Public,
            RequiredValidations(3),
            false,
        );
        Ok(EntryDefsCallbackResult::Defs(EntryDefs(vec![bytes])))
    })
}

/// Refuses entries whose bytes are the MessagePack nil, as MessagePack says it in one byte.
#[no_mangle]
pub extern "C" fn validate(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |op: Op| {
        Ok(match op {
            Op::CreateEntry(CreateEntry { entry: Entry::App(entry), .. }) if is_nil(&entry) => {
                ValidateCallbackResult::Invalid("nil is refused by bare_integrity".to_owned())
            }
            _ => ValidateCallbackResult::Valid,
        })
    })
}

/// The check under its earlier name, with its earlier argument.
#[no_mangle]
pub extern "C" fn genesis_self_check_1(ptr: usize, len: usize) -> DoubleUSize {
    serve(ptr, len, |data: GenesisSelfCheckDataV1| {
        Ok(if data.dna_info.name == "refused" {
            ValidateCallbackResult::Invalid("a DNA named refused is refused".to_owned())
        } else {
            ValidateCallbackResult::Valid
        })
    })
}

fn is_nil(entry: &AppEntryBytes) -> bool {
    *entry == AppEntryBytes(SerializedBytes::from(UnsafeBytes::from(vec![0xc0])))
}
