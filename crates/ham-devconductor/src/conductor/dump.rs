//! What administrators can inspect.

use holo_hash::{AgentPubKeyB64, DhtOpHash, DnaHash, DnaHashB64};
use holochain_conductor_api::{
    DhtOpsCursor, DnaStorageInfo, FullIntegrationStateDump, FullStateDump, IntegrationStateDump, JsonDump,
    OpTimingsCursor, OpTimingsDump, P2pAgentsDump, SourceChainCursor, StorageBlob, StorageInfo,
};
use holochain_state::DhtStoreRead;
use holochain_state::dht_store::{DumpOpState, DumpOpWireRow};
use holochain_state::source_chain;
use holochain_types::app::InstalledAppId;
use holochain_types::op::{ChainOp, DhtOp};
use holochain_types::prelude::{CellId, ChainOpType, Entry, OpEntry, SignedAction, SignedActionHashed};
use serde_json::json;

use super::Conductor;
use crate::error::ApiError;
use crate::wasm::HostFunction;

impl Conductor {
    /// A page of a chain and the counts of its DNA's operations.
    pub(crate) async fn dump_state(
        &self,
        cell: &CellId,
        cursor: Option<&SourceChainCursor>,
        limit: Option<u32>,
    ) -> Result<JsonDump, ApiError> {
        let dht = self.running_dht(cell.dna_hash()).await?;
        let agent = cell.agent_pubkey().clone();
        let source_chain_dump = source_chain::dump_state_paginated(&dht, agent, cursor, limit).await?;
        let (validation_limbo, integration_limbo, integrated) = dht.limbo_state_counts().await?;
        let integration_dump = IntegrationStateDump { validation_limbo, integration_limbo, integrated };
        Ok(JsonDump { peer_dump: peers(cell), source_chain_dump, integration_dump })
    }

    /// A chain and a page of its DNA's operations.
    pub(crate) async fn dump_full_state(
        &self,
        cell: &CellId,
        cursor: Option<DhtOpsCursor>,
        limit: Option<u32>,
    ) -> Result<FullStateDump, ApiError> {
        let dht = self.running_dht(cell.dna_hash()).await?;
        full_dump(&dht, cell, cursor, limit).await
    }

    /// A chain and all operations of its DNA, whether or not its cell runs.
    pub(crate) async fn dump_all_of(&self, cell: &CellId) -> Result<FullStateDump, ApiError> {
        full_dump(&self.known_dht(cell.dna_hash()).await?, cell, None, None).await
    }

    /// A page of the times when operations arrived and were integrated.
    pub(crate) async fn dump_op_timings(
        &self,
        dna: &DnaHash,
        cursor: Option<&OpTimingsCursor>,
        limit: Option<u32>,
    ) -> Result<OpTimingsDump, ApiError> {
        match self.known_dht(dna).await {
            Ok(dht) => Ok(dht.op_timings_page_for_dump(cursor, limit).await?),
            // As in `holochain`, which creates a store for whatever it is asked about.
            Err(ApiError::UnknownSpace(_)) => Ok(OpTimingsDump { timings: Vec::new(), cursor: None }),
            Err(error) => Err(error),
        }
    }

    /// Running cells, interfaces, apps, as JSON.
    pub(crate) fn dump_conductor_state(&self, admin_ports: &[u16]) -> Result<String, ApiError> {
        let state = self.apps().state();
        let running = self.running();
        let running: Vec<(DnaHashB64, AgentPubKeyB64)> = running
            .iter()
            .map(|cell| (cell.id().dna_hash().clone().into(), cell.id().agent_pubkey().clone().into()))
            .collect();
        let conductor = json!({
            "running_cells": running,
            "shutting_down": self.life().closing().is_cancelled(),
            "admin_websocket_ports": admin_ports,
            "app_interfaces": state.app_interfaces.keys().collect::<Vec<_>>(),
        });
        Ok(serde_json::to_string(&json!({ "conductor": conductor, "state": &*state }))?)
    }

    /// How much space each DNA takes.
    pub(crate) async fn storage_info(&self) -> Result<StorageInfo, ApiError> {
        let state = self.apps().state();
        let mut dnas: Vec<(DnaHash, Vec<InstalledAppId>)> = Vec::new();
        for (id, app) in state.installed_apps() {
            for cell in app.all_cells() {
                match dnas.iter_mut().find(|(dna, _)| dna == cell.dna_hash()) {
                    Some((_, used_by)) if used_by.contains(id) => {}
                    Some((_, used_by)) => used_by.push(id.clone()),
                    None => dnas.push((cell.dna_hash().clone(), vec![id.clone()])),
                }
            }
        }
        let mut blobs = Vec::new();
        for (dna_hash, used_by) in dnas {
            let Some(dht) = self.store_of(&dna_hash).await? else { continue };
            let dht = dht.as_read();
            let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            let (dht_data_size, dht_data_size_on_disk) =
                (size(dht.used_size().await?), size(dht.size_on_disk().await?));
            blobs.push(StorageBlob::Dna(DnaStorageInfo {
                dht_data_size,
                dht_data_size_on_disk,
                dna_hash,
                used_by,
            }));
        }
        Ok(StorageInfo { blobs })
    }

    /// As in `holochain`, which has a place for a DNA as long as a cell of it runs.
    async fn running_dht(&self, dna: &DnaHash) -> Result<DhtStoreRead, ApiError> {
        if !self.running().iter().any(|cell| cell.id().dna_hash() == dna) {
            return Err(ApiError::UnknownSpace(dna.clone()));
        }
        self.known_dht(dna).await
    }

    /// A store is created for an installed DNA, not for whatever is asked about.
    async fn known_dht(&self, dna: &DnaHash) -> Result<DhtStoreRead, ApiError> {
        let store = self.store_of(dna).await?;
        store.map(|store| store.as_read()).ok_or_else(|| ApiError::UnknownSpace(dna.clone()))
    }
}

/// There is nobody else, and this agent has not announced itself to anyone.
fn peers(cell: &CellId) -> P2pAgentsDump {
    let (dna, agent) = (cell.dna_hash().clone(), cell.agent_pubkey().clone());
    let (space_id, agent_id) = (dna.to_k2_space(), agent.to_k2_agent());
    P2pAgentsDump {
        this_agent_info: None,
        this_dna: Some((dna, space_id)),
        this_agent: Some((agent, agent_id)),
        peers: Vec::new(),
    }
}

/// A chain and a page of its DNA's operations.
async fn full_dump(
    dht: &DhtStoreRead,
    cell: &CellId,
    cursor: Option<DhtOpsCursor>,
    limit: Option<u32>,
) -> Result<FullStateDump, ApiError> {
    let source_chain_dump = source_chain::dump_state(dht, cell.agent_pubkey().clone()).await?;
    let after = cursor.as_ref().map(|cursor| (cursor.when_received, &cursor.hash));
    let page = dht.dht_ops_page_for_dump(after, limit).await?;
    let (mut validation_limbo, mut integration_limbo, mut integrated) = (Vec::new(), Vec::new(), Vec::new());
    for row in page.rows {
        let DumpOpWireRow::Chain(chain) = row.wire else { continue };
        let Some(op) = operation(dht, chain.op_hash, chain.op_type).await? else { continue };
        match row.state {
            DumpOpState::ValidationLimbo => validation_limbo.push(op),
            DumpOpState::IntegrationLimbo => integration_limbo.push(op),
            DumpOpState::Integrated => integrated.push(op),
        }
    }
    let dht_ops_cursor =
        page.cursor.map(|cursor| DhtOpsCursor { when_received: cursor.when_received, hash: cursor.hash });
    let integration_dump =
        FullIntegrationStateDump { validation_limbo, integration_limbo, integrated, dht_ops_cursor };
    Ok(FullStateDump { peer_dump: peers(cell), source_chain_dump, integration_dump })
}

/// A private entry is hidden, even from its author: operations are what others see.
async fn operation(dht: &DhtStoreRead, hash: Vec<u8>, op_type: i64) -> Result<Option<DhtOp>, ApiError> {
    let Ok(op_type) = ChainOpType::try_from(op_type) else { return Ok(None) };
    let Some(action) = dht.action_for_op(&DhtOpHash::from_raw_36(hash)).await? else { return Ok(None) };
    let entry = match action.action().entry_hash() {
        Some(entry) => dht.retrieve_entry(entry, None).await?,
        None => None,
    };
    Ok(Some(DhtOp::ChainOp(Box::new(chain_op(op_type, action, entry)))))
}

fn chain_op(op_type: ChainOpType, action: SignedActionHashed, entry: Option<Entry>) -> ChainOp {
    let has_entry = action.action().entry_hash().is_some();
    let entry = match entry {
        Some(entry) => OpEntry::Present(entry),
        None if has_entry => OpEntry::Hidden,
        None => OpEntry::ActionOnly,
    };
    let signature = action.signature().clone();
    let action = SignedAction::new(action.hashed.content, signature);
    match op_type {
        ChainOpType::CreateRecord => ChainOp::CreateRecord(action, entry),
        ChainOpType::CreateEntry => ChainOp::CreateEntry(action, entry),
        ChainOpType::AgentActivity => ChainOp::AgentActivity(action),
        ChainOpType::UpdateEntry => ChainOp::UpdateEntry(action, entry),
        ChainOpType::UpdateRecord => ChainOp::UpdateRecord(action, entry),
        ChainOpType::DeleteRecord => ChainOp::DeleteRecord(action),
        ChainOpType::DeleteEntry => ChainOp::DeleteEntry(action),
        ChainOpType::CreateLink => ChainOp::CreateLink(action),
        ChainOpType::DeleteLink => ChainOp::DeleteLink(action),
    }
}

/// The imports of a released conductor, sorted.
pub(crate) fn list_host_functions() -> Vec<String> {
    let mut names: Vec<String> =
        HostFunction::ALL.iter().map(|function| function.import().to_owned()).collect();
    names.sort();
    names
}
