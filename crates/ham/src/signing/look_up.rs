//! What became of a key's grant.

use holochain_zome_types::cell::CellId;

use super::credential::StoredCredential;
use crate::admin::Admin;
use crate::admin::{Chain, OnChain};
use crate::error::SigningError;

/// What became of the grant of a credential. Without an admin interface, the file is trusted.
pub(super) async fn look_up(
    admin: Option<&Admin>,
    cell: &CellId,
    credential: &StoredCredential,
) -> Result<OnChain, SigningError> {
    let Some(admin) = admin else { return Ok(OnChain::Valid(credential.written.clone())) };
    let listed = match admin.grants(&credential.app_id, true).await {
        Ok(grants) => grants.into_iter().find(|(granted, _)| granted == cell),
        // One grant of an earlier release, and the conductor lists none.
        Err(error) if error.is_unreadable_entry() => None,
        Err(error) => return Err(SigningError::Grant(error)),
    };
    let Some((_, listed)) = listed else {
        // The list omits clones.
        let read = Chain::of(admin, cell).grant(&credential.tag, credential.written.as_ref()).await;
        let (on_chain, outdated) = read.map_err(SigningError::Grant)?;
        return match on_chain {
            // Neither revoked nor readable: before it runs a call that presents a secret, the conductor decodes every grant in force that has one.
            OnChain::Absent if outdated && credential.written.is_some() => Err(SigningError::GrantUnreadable),
            on_chain => Ok(on_chain),
        };
    };
    let mut ours = listed.iter().filter(|grant| grant.tag == credential.tag).peekable();
    let revoked = ours.peek().is_some();
    Ok(match ours.find(|grant| grant.revoked_at.is_none()) {
        Some(grant) => OnChain::Valid(Some(grant.action_hash.clone())),
        None if revoked => OnChain::Revoked,
        None => OnChain::Absent,
    })
}

/// Whoever revoked a grant meant it, so no other one is written.
pub(super) fn revoked() -> SigningError {
    SigningError::GrantForbidden(
        "its grant was revoked, and ham does not grant itself a new one; remove its credential to allow it"
            .into(),
    )
}
