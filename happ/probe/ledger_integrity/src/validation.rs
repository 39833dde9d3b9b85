//! The callback the conductor runs.

use crate::release::{CreateEntry, CreateRecord};
use hdi::prelude::*;
use ledger_entries::EntryTypes;

/// Run by the author before a commit and by every authority afterwards.
#[hdk_extern]
pub fn validate(op: Op) -> ExternResult<ValidateCallbackResult> {
    match op.flattened::<EntryTypes, ()>()? {
        CreateRecord(OpRecord::CreateEntry { app_entry: EntryTypes::Post(post), .. })
        | CreateEntry(OpEntry::CreateEntry { app_entry: EntryTypes::Post(post), .. }) => Ok(post.check()),
        _ => Ok(ValidateCallbackResult::Valid),
    }
}
