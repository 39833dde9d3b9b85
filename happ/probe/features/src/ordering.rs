//! Writes that insist on the chain's head they have seen, or do not.

use features_entries::{EntryTypes, LinkTypes, Note, UnitEntryTypes};
use hdk::prelude::*;
use probe_types::features::{OrderedNote, SlowNote};
use std::time::Duration;

/// The longest a call may be told to compute; far inside the conductor's budget of instructions for one call.
const MAX_COMPUTE: Duration = Duration::from_secs(10);

/// Writes a note with that ordering.
#[hdk_extern]
pub fn create_ordered(OrderedNote { text, ordering, .. }: OrderedNote) -> ExternResult<ActionHash> {
    let ScopedEntryDefIndex { zome_index, zome_type } = UnitEntryTypes::Note.try_into()?;
    create(CreateInput::new(
        EntryDefLocation::app(zome_index, zome_type),
        EntryVisibility::Public,
        EntryTypes::Note(Note { text }).try_into()?,
        ordering,
    ))
}

/// Writes with that ordering, then computes: calls made in that time move the chain's head.
#[hdk_extern]
pub fn slow_ordered(SlowNote { text, ordering, millis }: SlowNote) -> ExternResult<ActionHash> {
    let written = create_ordered(OrderedNote { original: None, text, ordering })?;
    let wanted = Duration::from_millis(millis).min(MAX_COMPUTE);
    let end = (sys_time()? + wanted).map_err(|e| wasm_error!(WasmErrorInner::Guest(e.to_string())))?;
    while sys_time()? < end {}
    Ok(written)
}

/// Replaces a note with that ordering.
#[hdk_extern]
pub fn update_ordered(note: OrderedNote) -> ExternResult<ActionHash> {
    let original = original(&note)?;
    let entry = EntryTypes::Note(Note { text: note.text }).try_into()?;
    update(UpdateInput::new(original, entry, note.ordering))
}

/// Deletes a note with that ordering.
#[hdk_extern]
pub fn delete_ordered(note: OrderedNote) -> ExternResult<ActionHash> {
    delete(DeleteInput::new(original(&note)?, note.ordering))
}

/// Makes a link from a note to itself and deletes it, both with that ordering.
#[hdk_extern]
pub fn link_ordered(note: OrderedNote) -> ExternResult<(ActionHash, ActionHash)> {
    let base = original(&note)?;
    let ScopedLinkType { zome_index, zome_type } = LinkTypes::Note.try_into()?;
    let tag = LinkTag::new(note.text.into_bytes());
    let link =
        CreateLinkInput::new(base.clone().into(), base.into(), zome_index, zome_type, tag, note.ordering);
    let made = HDK.with(|hdk| hdk.borrow().create_link(link))?;
    let unlink = DeleteLinkInput::new(made.clone(), GetOptions::local(), note.ordering);
    Ok((made, HDK.with(|hdk| hdk.borrow().delete_link(unlink))?))
}

fn original(note: &OrderedNote) -> ExternResult<ActionHash> {
    let missing = || wasm_error!(WasmErrorInner::Guest("the field original is missing".to_owned()));
    note.original.clone().ok_or_else(missing)
}
