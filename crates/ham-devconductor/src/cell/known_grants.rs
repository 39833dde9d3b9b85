//! The grants of a chain as they were last read: reading them takes a dozen queries, and most calls find them unchanged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holo_hash::ActionHash;
use holochain_state::DhtStore;
use holochain_state::query::StateQueryResult;
use holochain_state::source_chain::SourceChain;
use holochain_types::prelude::{ActionData, CapAccess, CapSecret, EntryType, SignedActionHashed};

/// The grants of one chain. Only its own actions change its grants, so its head tells whether they are still the same.
#[derive(Default)]
pub(crate) struct KnownGrants {
    with_secret: Mutex<Option<Known>>,
    without: Mutex<Option<Known>>,
}

struct Known {
    head: ActionHash,
    grants: Arc<[CapAccess]>,
}

impl KnownGrants {
    /// Those that may admit a call that presents this secret, or none.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn of(
        &self,
        chain: &SourceChain,
        store: &DhtStore,
        secret: Option<&CapSecret>,
    ) -> StateQueryResult<Arc<[CapAccess]>> {
        let place = if secret.is_some() { &self.with_secret } else { &self.without };
        let head = chain.persisted_head_info().map(|head| head.action);
        if let Some(known) = &*lock(place)
            && Some(&known.head) == head.as_ref()
        {
            return Ok(Arc::clone(&known.grants));
        }
        let grants = store.as_read().valid_cap_grants(chain.agent_pubkey(), secret).await?;
        let grants: Arc<[CapAccess]> = grants.into();
        *lock(place) = head.map(|head| Known { head, grants: Arc::clone(&grants) });
        Ok(grants)
    }

    /// The chain has grown by these actions: what is known stays valid, unless one of them concerns a grant.
    pub(crate) fn follow(&self, actions: &[SignedActionHashed]) {
        let (Some(first), Some(last)) = (actions.first(), actions.last()) else { return };
        if actions.iter().any(|action| may_be_about_a_grant(&action.hashed.content.data)) {
            return;
        }
        for place in [&self.with_secret, &self.without] {
            if let Some(known) = &mut *lock(place)
                && Some(&known.head) == first.hashed.content.prev_action()
            {
                known.head.clone_from(&last.hashed.hash);
            }
        }
    }
}

/// A deletion does not say what it deletes.
fn may_be_about_a_grant(data: &ActionData) -> bool {
    match data {
        ActionData::Create(create) => create.entry_type == EntryType::CapGrant,
        ActionData::Update(update) => update.entry_type == EntryType::CapGrant,
        ActionData::Delete(_) => true,
        _ => false,
    }
}

fn lock(known: &Mutex<Option<Known>>) -> MutexGuard<'_, Option<Known>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
