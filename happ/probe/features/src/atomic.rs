//! Several writes of one call: all of them remain, or none.

use crate::{
    calls::{dispatch, local},
    entry::create_note,
};
use hdk::prelude::*;

/// Writes two notes.
#[hdk_extern]
pub fn two_notes(text: String) -> ExternResult<(ActionHash, ActionHash)> {
    Ok((create_note(format!("{text} 1"))?, create_note(format!("{text} 2"))?))
}

/// Writes two notes and fails.
#[hdk_extern]
pub fn two_notes_then_fail(text: String) -> ExternResult<()> {
    two_notes(text)?;
    Err(wasm_error!(WasmErrorInner::Guest("failed after two notes".to_owned())))
}

/// Writes two notes and traps.
#[hdk_extern]
pub fn two_notes_then_panic(text: String) -> ExternResult<()> {
    two_notes(text)?;
    panic!("trapped after two notes")
}

/// Writes a good note and one that validation refuses.
#[hdk_extern]
pub fn note_and_invalid(text: String) -> ExternResult<()> {
    create_note(text)?;
    create_note("invalid".to_owned()).map(drop)
}

/// Has the zome `mirror` write in a call of its own, and fails: the nested write belongs to this call.
#[hdk_extern]
pub fn nested_note_then_fail(text: String) -> ExternResult<()> {
    dispatch(local("mirror", "create_note", text)?)?;
    Err(wasm_error!(WasmErrorInner::Guest("failed after a nested note".to_owned())))
}

/// Has the zome `mirror` write and fail, ignores that, and writes a note.
#[hdk_extern]
pub fn nested_failure_ignored(text: String) -> ExternResult<(String, ActionHash)> {
    let answer = match dispatch(local("mirror", "two_notes_then_fail", text.clone())?) {
        Ok(response) => format!("answered {response:?}"),
        Err(error) => error.to_string(),
    };
    Ok((answer, create_note(text)?))
}

/// Reads in the same call what it has written: the record, and its place in a query.
#[hdk_extern]
pub fn note_read_back(text: String) -> ExternResult<(Option<Record>, usize)> {
    let hash = create_note(text)?;
    let seen = query(ChainQueryFilter::new())?.iter().filter(|r| *r.action_address() == hash).count();
    Ok((get(hash, GetOptions::local())?, seen))
}
