//! Capability grants that administrators commit for an agent.

use std::collections::HashMap;
use std::sync::Arc;

use holo_hash::{ActionHash, EntryHash};
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_types::app::InstalledAppId;
use holochain_types::prelude::{
    ActionData, ActionType, AppCapGrantInfo, CapGrant, CapGrantInfo, CellId, ChainQueryFilter,
    ChainTopOrdering, CreateData, DeleteData, DesensitizedCapGrant, Entry, EntryType, GrantConstraint,
    Timestamp,
};

use super::Conductor;
use crate::budget::Budget;
use crate::cell::Cell;
use crate::error::ApiError;
use crate::host::CellAccess;
use crate::workflow;

impl Conductor {
    /// Commits a grant, validated or not; returns the hash of its action.
    ///
    /// # Errors
    /// The cell cannot be called, its `init` fails, or the commit does.
    pub(crate) async fn grant(
        &self,
        cell: &CellId,
        grant: CapGrant,
        validated: bool,
    ) -> Result<ActionHash, ApiError> {
        let entry = Entry::CapGrant(grant);
        let data =
            CreateData { entry_type: EntryType::CapGrant, entry_hash: EntryHash::with_data_sync(&entry) };
        let running = self.cell(cell)?;
        let budget = self.budget().in_cell(running.ended());
        let granting = async {
            let own = chain_of(running, &budget).await?;
            commit(&own, ActionData::Create(data), Some(entry), validated, &budget).await
        };
        granting.await.map_err(|error| self.told(cell, &budget, error))
    }

    /// Commits a grant in a cell of this app only.
    ///
    /// # Errors
    /// As [`grant`](Self::grant), or the cell is not of this app.
    pub(crate) async fn grant_for_app(
        &self,
        app: &InstalledAppId,
        cell: &CellId,
        tag: String,
        constraint: GrantConstraint,
    ) -> Result<ActionHash, ApiError> {
        if !self.apps().state().get_app(app)?.all_cells().any(|id| id == *cell) {
            return Err(ApiError::Other("Cell not found in app".to_owned()));
        }
        self.grant(cell, CapGrant::new_direct_signal_grant(tag, constraint), true).await
    }

    /// Deletes a grant, validated or not.
    ///
    /// # Errors
    /// There is no grant with this hash, or as [`grant`](Self::grant).
    pub(crate) async fn revoke(
        &self,
        cell: &CellId,
        grant: ActionHash,
        validated: bool,
    ) -> Result<(), ApiError> {
        let running = self.cell(cell)?;
        let budget = self.budget().in_cell(running.ended());
        let revoking = async {
            let own = chain_of(running, &budget).await?;
            let grants = own.workspace.source_chain().query(grants_query()).await?;
            let record = grants.into_iter().find(|record| *record.action_address() == grant);
            let entry = record.and_then(|record| record.entry.into_option());
            let entry =
                entry.ok_or_else(|| ApiError::Other("No cap grant found for action hash".to_owned()))?;
            let deletes_entry_address = EntryHash::with_data_sync(&entry);
            let data = ActionData::Delete(DeleteData { deletes_address: grant, deletes_entry_address });
            commit(&own, data, None, validated, &budget).await
        };
        revoking.await.map(|_| ()).map_err(|error| self.told(cell, &budget, error))
    }

    /// The grants of an app's cells, without their secrets.
    ///
    /// # Errors
    /// There is no such app.
    pub(crate) async fn grants(
        &self,
        app: &InstalledAppId,
        include_revoked: bool,
    ) -> Result<AppCapGrantInfo, ApiError> {
        let state = self.apps().state();
        let cells: Vec<CellId> = state.get_app(app)?.required_cells().collect();
        let mut all = Vec::new();
        for id in cells {
            let Some(dht) = self.store_of(id.dna_hash()).await? else { continue };
            let agent = id.agent_pubkey().clone();
            let workspace = SourceChainWorkspace::new(dht, self.keystore().clone(), agent).await?;
            let chain = workspace.source_chain();
            let deletes = ChainQueryFilter::new().include_entries(true).action_type(ActionType::Delete);
            let revoked: HashMap<ActionHash, Timestamp> = chain
                .query(deletes)
                .await?
                .iter()
                .filter_map(|record| match &record.action().data {
                    ActionData::Delete(delete) => {
                        Some((delete.deletes_address.clone(), record.action().timestamp()))
                    }
                    _ => None,
                })
                .collect();
            let grants = chain.query(grants_query()).await?;
            if grants.is_empty() {
                continue;
            }
            let info = grants.into_iter().filter_map(|record| {
                let revoked_at = revoked.get(record.action_address()).copied();
                let grant = record.entry.to_grant_option()?;
                (include_revoked || revoked_at.is_none()).then(|| CapGrantInfo {
                    cap_grant: DesensitizedCapGrant::from(grant),
                    action_hash: record.action_address().clone(),
                    created_at: record.action().timestamp(),
                    revoked_at,
                })
            });
            all.push((id, info.collect()));
        }
        Ok(AppCapGrantInfo(all))
    }
}

async fn chain_of(cell: Arc<Cell>, budget: &Budget) -> Result<CellAccess, ApiError> {
    workflow::initialize(&cell, budget).await?;
    let workspace = cell.workspace().await?;
    Ok(CellAccess { cell, workspace })
}

async fn commit(
    own: &CellAccess,
    data: ActionData,
    entry: Option<Entry>,
    validated: bool,
    budget: &Budget,
) -> Result<ActionHash, ApiError> {
    let hash = own.workspace.source_chain().put(data, entry, ChainTopOrdering::default()).await?;
    if validated {
        workflow::validate(own, &own.cell.ribosome(), budget).await?;
    }
    workflow::commit(own, budget).await?;
    Ok(hash)
}

fn grants_query() -> ChainQueryFilter {
    ChainQueryFilter::new().include_entries(true).entry_type(EntryType::CapGrant)
}
