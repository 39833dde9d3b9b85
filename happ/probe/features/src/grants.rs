//! Capability grants and claims in all their kinds; the HDK's own types are the arguments.

use hdk::prelude::*;
use probe_types::features::UpdateGrant;

/// A fresh secret.
#[hdk_extern]
pub fn new_secret() -> ExternResult<CapSecret> {
    generate_cap_secret()
}

/// Writes a grant: unrestricted, transferable or assigned; for listed functions or for all.
#[hdk_extern]
pub fn create_grant(grant: CapGrantEntry) -> ExternResult<ActionHash> {
    create_cap_grant(grant)
}

/// Replaces a grant: the earlier one is void.
#[hdk_extern]
pub fn update_grant(UpdateGrant { original, grant }: UpdateGrant) -> ExternResult<ActionHash> {
    update_cap_grant(original, grant)
}

/// Ends a grant.
#[hdk_extern]
pub fn delete_grant(grant: ActionHash) -> ExternResult<ActionHash> {
    delete_cap_grant(grant)
}

/// Keeps another agent's secret.
#[hdk_extern]
pub fn create_claim(claim: CapClaimEntry) -> ExternResult<ActionHash> {
    create_cap_claim(claim)
}

/// The claims of this chain, oldest first.
#[hdk_extern]
pub fn list_claims() -> ExternResult<Vec<CapClaimEntry>> {
    let claims = ChainQueryFilter::new().entry_type(EntryType::CapClaim).include_entries(true);
    let claim = |record: Record| match record.entry.into_option() {
        Some(Entry::CapClaim(claim)) => Some(claim),
        _ => None,
    };
    Ok(query(claims)?.into_iter().filter_map(claim).collect())
}
