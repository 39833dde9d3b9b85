//! Errors: returned to the caller, or handled by the zome.

use hdk::prelude::*;

/// Fails with a guest's error.
#[hdk_extern]
pub fn guest_error(text: String) -> ExternResult<()> {
    Err(wasm_error!(WasmErrorInner::Guest(text)))
}

/// Fails with a guest's error that was formatted by the macro.
#[hdk_extern]
pub fn guest_error_formatted(number: u32) -> ExternResult<()> {
    Err(wasm_error!("the number {} is refused", number))
}

/// Fails as a zome does that could not encode its answer.
#[hdk_extern]
pub fn guest_serialize_error() -> ExternResult<()> {
    Err(wasm_error!(SerializedBytesError::Serialize("not to be encoded".to_owned())))
}

/// Asks for a missing entry and hands the host's error on.
#[hdk_extern]
pub fn host_error(entry: EntryHash) -> ExternResult<EntryHashed> {
    must_get_entry(entry)
}

/// Asks for a missing entry, handles the host's error, writes a note and answers with the error's text.
#[hdk_extern]
pub fn host_error_handled(entry: EntryHash) -> ExternResult<String> {
    let text = match must_get_entry(entry) {
        Ok(_) => "the entry is there".to_owned(),
        Err(error) => error.to_string(),
    };
    crate::entry::create_note("after a handled error".to_owned())?;
    Ok(text)
}

/// Reads the host's answer as a type that it is not, and answers with the error's text.
#[hdk_extern]
pub fn host_answer_misread() -> ExternResult<String> {
    Ok(match host_call::<(), u64>(__hc__agent_info_1, ()) {
        Ok(number) => format!("read as {number}"),
        Err(error) => error.to_string(),
    })
}

/// Gives a host function an argument that it cannot read, and answers with the error's text if one comes back.
#[hdk_extern]
pub fn host_argument_misread() -> ExternResult<String> {
    Ok(match host_call::<&str, ActionHash>(__hc__create_1, "this is not the input of create") {
        Ok(hash) => format!("written as {hash}"),
        Err(error) => error.to_string(),
    })
}

/// Signs a value that cannot be encoded, and answers with the error's text.
#[hdk_extern]
pub fn unencodable_argument() -> ExternResult<String> {
    Ok(match sign(agent_info()?.agent_initial_pubkey, Unencodable) {
        Ok(_) => "signed".to_owned(),
        Err(error) => error.to_string(),
    })
}

/// Answers with a value that cannot be encoded.
#[hdk_extern]
pub fn unencodable_answer() -> ExternResult<Unencodable> {
    Ok(Unencodable)
}

/// Refuses to be encoded.
#[derive(Debug)]
pub struct Unencodable;

impl serde::Serialize for Unencodable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("this value is not to be encoded"))
    }
}
