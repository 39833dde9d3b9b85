//! Capability grants and claims.

use crate::release::{deleted_by, grant_access, zome_call_grant, GrantConstraint};
use hdk::prelude::*;
use probe_types::{CapabilityClaim, CapabilityRequest, GrantListing, Granted};

/// Grants functions of this zome under a fresh secret: to the assignees, or to whoever knows the secret.
#[hdk_extern]
pub fn grant(CapabilityRequest { tag, functions, assignees }: CapabilityRequest) -> ExternResult<Granted> {
    let zome = zome_info()?.name;
    let secret = generate_cap_secret()?;
    let constraint = match assignees {
        Some(assignees) => GrantConstraint::Assigned { secret, assignees },
        None => GrantConstraint::Transferable { secret },
    };
    let functions = functions.into_iter().map(|function| (zome.clone(), function)).collect();
    let grant = zome_call_grant(tag, constraint, GrantedFunctions::Listed(functions));
    Ok(Granted { action_hash: create_cap_grant(grant)?, secret })
}

/// Keeps another agent's secret on this chain.
#[hdk_extern]
pub fn claim(CapabilityClaim { tag, grantor, secret }: CapabilityClaim) -> ExternResult<ActionHash> {
    create_cap_claim(CapClaimEntry::new(tag, grantor, secret))
}

/// The grants of this chain that were not revoked, oldest first, without their secrets.
#[hdk_extern]
pub fn list_grants() -> ExternResult<Vec<GrantListing>> {
    let revoked = revoked()?;
    let grants = ChainQueryFilter::new().entry_type(EntryType::CapGrant).include_entries(true);
    Ok(query(grants)?
        .into_iter()
        .filter(|record| !revoked.contains(record.action_address()))
        .filter_map(|record| {
            let grant = record.entry().to_grant_option()?;
            Some(GrantListing {
                action_hash: record.action_address().clone(),
                access: grant_access(&grant).to_owned(),
                tag: grant.tag,
            })
        })
        .collect())
}

/// Ends a grant.
#[hdk_extern]
pub fn revoke(grant: ActionHash) -> ExternResult<ActionHash> {
    delete_cap_grant(grant)
}

fn revoked() -> ExternResult<HashSet<ActionHash>> {
    let deletes = query(ChainQueryFilter::new().action_type(ActionType::Delete))?;
    Ok(deletes.iter().filter_map(|record| deleted_by(record.action()).cloned()).collect())
}
