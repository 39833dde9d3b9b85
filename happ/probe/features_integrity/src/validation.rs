//! The callbacks the conductor runs.

use crate::{outcome, rules};
use features_entries::{EntryTypes, LinkTypes};
use hdi::prelude::*;
use probe_types::features::Properties;

/// The note that no validator accepts.
const REFUSED: &str = "invalid";

/// Run by the joining agent before anything is written; the DNA properties decide.
#[hdk_extern]
pub fn genesis_self_check(_: GenesisSelfCheckData) -> ExternResult<ValidateCallbackResult> {
    let properties = dna_info()?.modifiers.properties;
    // A DNA without properties has the value nil there.
    let properties: Option<Properties> = decode(properties.bytes()).map_err(|e| wasm_error!(e))?;
    let outcome = properties.and_then(|mut p| p.genesis.remove(&zome_info().ok()?.name.0.to_string()));
    outcome.map_or(Ok(ValidateCallbackResult::Valid), outcome::apply)
}

/// Run by the author before a commit and by every authority afterwards; the written data decide.
#[hdk_extern]
pub fn validate(op: Op) -> ExternResult<ValidateCallbackResult> {
    if let Some(outcome) = rules::outcome_of(&op)? {
        return outcome::apply(outcome);
    }
    let refused = match op.flattened::<EntryTypes, LinkTypes>()? {
        FlatOp::CreateRecord(
            OpRecord::CreateEntry { app_entry, .. } | OpRecord::UpdateEntry { app_entry, .. },
        )
        | FlatOp::CreateEntry(
            OpEntry::CreateEntry { app_entry, .. } | OpEntry::UpdateEntry { app_entry, .. },
        ) => matches!(app_entry, EntryTypes::Note(note) if note.text == REFUSED),
        _ => false,
    };
    Ok(if refused {
        ValidateCallbackResult::Invalid("the note is refused".to_owned())
    } else {
        ValidateCallbackResult::Valid
    })
}
