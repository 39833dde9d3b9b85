//! What agents may write, and when it is valid. Every agent runs this code on what others write: a change of it makes another DNA.

use hdi::prelude::*;

/// A note that everybody can read.
#[hdk_entry_helper]
#[derive(Clone, PartialEq)]
pub struct Note {
    pub text: String,
}

#[hdk_entry_types]
#[unit_enum(UnitEntryTypes)]
pub enum EntryTypes {
    Note(Note),
}

#[hdk_link_types]
pub enum LinkTypes {
    /// From the path `notes` to each note.
    AllNotes,
}

/// The longest text of a note, in bytes.
const LONGEST: usize = 1000;

/// The conductor asks before an agent writes, and every agent asks again about what others wrote.
#[hdk_extern]
pub fn validate(op: Op) -> ExternResult<ValidateCallbackResult> {
    match op.flattened::<EntryTypes, LinkTypes>()? {
        FlatOp::CreateRecord(
            OpRecord::CreateEntry { app_entry: EntryTypes::Note(note), .. }
            | OpRecord::UpdateEntry { app_entry: EntryTypes::Note(note), .. },
        )
        | FlatOp::CreateEntry(
            OpEntry::CreateEntry { app_entry: EntryTypes::Note(note), .. }
            | OpEntry::UpdateEntry { app_entry: EntryTypes::Note(note), .. },
        ) => Ok(check(&note)),
        _ => Ok(ValidateCallbackResult::Valid),
    }
}

fn check(note: &Note) -> ValidateCallbackResult {
    match note.text.len() {
        0 => ValidateCallbackResult::Invalid("a note without text".into()),
        1..=LONGEST => ValidateCallbackResult::Valid,
        _ => ValidateCallbackResult::Invalid(format!("a note of more than {LONGEST} bytes")),
    }
}
