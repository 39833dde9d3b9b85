//! Entries: written, read, replaced, deleted.

use features_entries::{Blob, EntryTypes, Note, SecretNote};
use hdk::prelude::*;
use probe_types::features::UpdateNote;

/// Writes a public entry. The text `invalid` is refused by validation; `commit.rs` says what other texts set off.
#[hdk_extern]
pub fn create_note(text: String) -> ExternResult<ActionHash> {
    create_entry(EntryTypes::Note(Note { text }))
}

/// Writes a private entry.
#[hdk_extern]
pub fn create_secret_note(text: String) -> ExternResult<ActionHash> {
    create_entry(EntryTypes::SecretNote(SecretNote { text }))
}

/// Writes an entry of that many bytes; the largest that is accepted is 4 000 000 bytes with its wrapping.
#[hdk_extern]
pub fn create_blob(size: u32) -> ExternResult<ActionHash> {
    create_entry(EntryTypes::Blob(Blob { bytes: vec![7; size as usize] }))
}

/// Replaces a note.
#[hdk_extern]
pub fn update_note(UpdateNote { original, text }: UpdateNote) -> ExternResult<ActionHash> {
    update_entry(original, EntryTypes::Note(Note { text }))
}

/// Replaces a secret note.
#[hdk_extern]
pub fn update_secret_note(UpdateNote { original, text }: UpdateNote) -> ExternResult<ActionHash> {
    update_entry(original, EntryTypes::SecretNote(SecretNote { text }))
}

/// Deletes any entry by the action that wrote it.
#[hdk_extern]
pub fn delete_by_action(action: ActionHash) -> ExternResult<ActionHash> {
    delete_entry(action)
}

/// The live record of an action or of an entry, asking the network.
#[hdk_extern]
pub fn get_record(hash: AnyDhtHash) -> ExternResult<Option<Record>> {
    get(hash, GetOptions::network())
}

/// The same from this conductor only.
#[hdk_extern]
pub fn get_record_local(hash: AnyDhtHash) -> ExternResult<Option<Record>> {
    get(hash, GetOptions::local())
}

/// Everything known of an action or of an entry, with updates and deletes; from this conductor only.
#[hdk_extern]
pub fn get_details_of(hash: AnyDhtHash) -> ExternResult<Option<Details>> {
    get_details(hash, GetOptions::local())
}

/// Several records in one call of the host.
#[hdk_extern]
pub fn get_many(hashes: Vec<AnyDhtHash>) -> ExternResult<Vec<Option<Record>>> {
    let inputs = hashes.into_iter().map(|hash| GetInput::new(hash, GetOptions::local())).collect();
    HDK.with(|hdk| hdk.borrow().get(inputs))
}

/// The hash that a note with this text has, without writing it.
#[hdk_extern]
pub fn hash_of_note(text: String) -> ExternResult<EntryHash> {
    hash_entry(&Note { text })
}
