//! The callback the conductor runs.

use hdi::prelude::*;
use ledger_entries::EntryTypes;

/// Run by the author before a commit and by every authority afterwards.
#[hdk_extern]
pub fn validate(op: Op) -> ExternResult<ValidateCallbackResult> {
    match op.flattened::<EntryTypes, ()>()? {
        FlatOp::CreateRecord(OpRecord::CreateEntry { app_entry: EntryTypes::Post(post), .. })
        | FlatOp::CreateEntry(OpEntry::CreateEntry { app_entry: EntryTypes::Post(post), .. }) => {
            Ok(post.check())
        }
        _ => Ok(ValidateCallbackResult::Valid),
    }
}
