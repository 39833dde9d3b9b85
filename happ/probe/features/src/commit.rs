//! What happens after a commit. The texts of the notes that were written decide:
//!
//! - `relay:TEXT`: the other coordinator zome writes the note `relayed:TEXT`, in a commit of its own;
//! - `write:TEXT`: this callback tries to write by itself, which it may not;
//! - `panic:TEXT`: this callback traps.

use crate::calls::{dispatch, local};
use features_entries::{Note, UnitEntryTypes};
use hdk::prelude::*;
use probe_types::features::FeatureSignal;

/// Signals what was committed, then does what the notes say. Failures are signalled, since the call was answered.
#[hdk_extern(infallible)]
pub fn post_commit(actions: Vec<SignedActionHashed>) {
    let done = announce(&actions).and_then(|()| follow(&actions));
    if let Err(failure) = done {
        error!("after a commit: {failure}");
        if emit_signal(FeatureSignal::PostCommitFailed { text: failure.to_string() }).is_err() {
            error!("that was not signalled either");
        }
    }
}

fn announce(actions: &[SignedActionHashed]) -> ExternResult<()> {
    let zome = zome_info()?.name.0.to_string();
    emit_signal(FeatureSignal::Committed { zome, actions: actions.to_vec() })
}

fn follow(actions: &[SignedActionHashed]) -> ExternResult<()> {
    for text in texts(actions)? {
        if let Some(text) = text.strip_prefix("relay:") {
            let other = if zome_info()?.name.0 == "mirror" { "features" } else { "mirror" };
            match dispatch(local(other, "create_note", format!("relayed:{text}"))?)? {
                ZomeCallResponse::Ok(_) => {}
                other => return Err(wasm_error!(WasmErrorInner::Guest(format!("not relayed: {other:?}")))),
            }
        } else if text.starts_with("write:") {
            crate::entry::create_note("written by post_commit".to_owned())?;
        } else if text.starts_with("panic:") {
            panic!("post_commit was told to trap");
        }
    }
    Ok(())
}

/// The texts of the notes that these actions wrote.
fn texts(actions: &[SignedActionHashed]) -> ExternResult<Vec<String>> {
    let hashes: HashSet<EntryHash> =
        actions.iter().filter_map(|action| action.hashed.content.entry_hash().cloned()).collect();
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let written: HashSet<&ActionHash> = actions.iter().map(HasHash::as_hash).collect();
    let notes = ChainQueryFilter::new()
        .entry_type(UnitEntryTypes::Note.try_into()?)
        .entry_hashes(hashes)
        .include_entries(true);
    query(notes)?
        .into_iter()
        .filter(|record| written.contains(record.action_address()))
        .map(|record| Note::try_from(record).map(|note| note.text))
        .collect()
}
