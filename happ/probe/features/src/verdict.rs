//! Entries and links that say how they are validated.

use features_entries::{EntryTypes, LinkTypes, VerdictEntry};
use hdk::prelude::*;
use probe_types::features::{UpdateVerdict, Verdict, VerdictLink};

/// Writes a verdict.
#[hdk_extern]
pub fn create_verdict(verdict: Verdict) -> ExternResult<ActionHash> {
    create_entry(EntryTypes::VerdictEntry(VerdictEntry(verdict)))
}

/// Replaces a verdict.
#[hdk_extern]
pub fn update_verdict(UpdateVerdict { original, verdict }: UpdateVerdict) -> ExternResult<ActionHash> {
    update_entry(original, EntryTypes::VerdictEntry(VerdictEntry(verdict)))
}

/// Deletes a verdict.
#[hdk_extern]
pub fn delete_verdict(verdict: ActionHash) -> ExternResult<ActionHash> {
    delete_entry(verdict)
}

/// Makes a link whose tag is a verdict.
#[hdk_extern]
pub fn link_verdict(VerdictLink { base, target, verdict }: VerdictLink) -> ExternResult<ActionHash> {
    let tag = ExternIO::encode(verdict).map_err(|e| wasm_error!(e))?;
    create_link(base, target, LinkTypes::Verdict, LinkTag::new(tag.into_vec()))
}

/// Deletes such a link.
#[hdk_extern]
pub fn unlink_verdict(link: ActionHash) -> ExternResult<ActionHash> {
    delete_link(link, GetOptions::local())
}
