//! What a call has staged, found by its hash: searching all of it for each record would take quadratic time.

use std::collections::HashMap;

use holo_hash::ActionHash;
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_types::prelude::{Action, Record};

use crate::error::Outcome;

/// The records under validation, on top of the store to which they would be written.
pub(super) struct Staged<'a> {
    workspace: &'a SourceChainWorkspace,
    actions: HashMap<&'a ActionHash, &'a Action>,
}

impl<'a> Staged<'a> {
    pub(super) fn new(records: &'a [Record], workspace: &'a SourceChainWorkspace) -> Self {
        let actions = records.iter().map(|record| (record.action_address(), record.action())).collect();
        Self { workspace, actions }
    }

    /// An action that another needs, staged or committed by anyone.
    ///
    /// # Errors
    /// It is not found anywhere, or the store failed.
    pub(super) async fn retrieve(&self, hash: &ActionHash) -> Result<Action, Outcome> {
        if let Some(action) = self.actions.get(hash) {
            return Ok((*action).clone());
        }
        let missing = || Outcome::DepMissingFromDht(hash.clone().into());
        let store = self.workspace.stores().dht_store.ok_or_else(missing)?;
        let found = store.as_read().retrieve_action(hash).await?;
        found.map(|action| action.hashed.content).ok_or_else(missing)
    }
}
