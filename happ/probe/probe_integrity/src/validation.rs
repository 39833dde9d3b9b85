//! The callbacks the conductor runs.

use crate::membrane;
use crate::release::{CreateEntry, CreateRecord};
use hdi::prelude::*;
use probe_entries::EntryTypes;

/// Run by the joining agent before anything is written.
#[hdk_extern]
pub fn genesis_self_check(data: GenesisSelfCheckData) -> ExternResult<ValidateCallbackResult> {
    membrane::check(data.membrane_proof.as_ref())
}

/// Run by the author before a commit and by every authority afterwards.
#[hdk_extern]
pub fn validate(op: Op) -> ExternResult<ValidateCallbackResult> {
    match op.flattened::<EntryTypes, ()>()? {
        CreateRecord(OpRecord::AgentValidationPkg { membrane_proof, .. }) => {
            membrane::check(membrane_proof.as_ref())
        }
        CreateRecord(OpRecord::CreateEntry { app_entry: EntryTypes::Item(item), .. })
        | CreateEntry(OpEntry::CreateEntry { app_entry: EntryTypes::Item(item), .. }) => Ok(item.check()),
        _ => Ok(ValidateCallbackResult::Valid),
    }
}
