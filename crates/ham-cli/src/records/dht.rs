//! A conductor's share of a DNA's data.

use std::collections::BTreeMap;

use ham::holochain_client::CellId;
use ham::{Admin, AdminError};
use holo_hash::ActionHash;
use holochain_conductor_api::{AdminRequest, AdminResponse, DhtOpsCursor};
use holochain_types::op::{ChainOp, DhtOp};
use holochain_types::prelude::{Entry, OpEntry, SignedAction};
use serde_json::{Value, json};

use super::read::{chain, unreadable};
use super::record::Record;
use crate::definition;
use crate::failure::Failure;

/// A record, and its state.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) record: Record,
    /// `integrated`, `awaiting integration`, `awaiting validation`; or `on the chain`, if the conductor only reports chains.
    pub(crate) state: &'static str,
}

/// The records of a DNA that a conductor holds, by sequence number within each author's chain.
#[derive(Debug)]
pub(crate) struct Dht {
    pub(crate) records: Vec<Held>,
    /// Earlier releases report it in another shape: then these are the chain of the cell.
    pub(crate) is_chain_only: bool,
}

impl Dht {
    /// Requests all operations, and combines them.
    ///
    /// # Cancel safety
    /// Cancel-safe: it only reads.
    pub(crate) async fn of(admin: &Admin, cell: &CellId) -> Result<Self, Failure> {
        let mut found = BTreeMap::new();
        let mut after: Option<DhtOpsCursor> = None;
        loop {
            let (cell_id, dht_ops_cursor) = (Box::new(cell.clone()), after.clone());
            let request = AdminRequest::DumpFullState { cell_id, dht_ops_cursor, limit: Some(PAGE) };
            let asked = admin.request("dump_full_state", "it only reads", &request).await;
            let dump = match asked {
                Ok(AdminResponse::FullStateDumped(dump)) => dump,
                Ok(other) => return Err(definition::strange(&other)),
                Err(AdminError::Answer { .. } | AdminError::NotInRelease { .. }) => {
                    return Self::chain(admin, cell).await;
                }
                Err(error) => return Err(error.into()),
            };
            let operations = dump.integration_dump;
            let buckets = [
                ("integrated", &operations.integrated),
                ("awaiting integration", &operations.integration_limbo),
                ("awaiting validation", &operations.validation_limbo),
            ];
            for (state, operations) in buckets {
                operations.iter().for_each(|operation| note(&mut found, state, operation));
            }
            // A private entry is in no operation, only on its author's chain.
            let own = serde_json::to_value(&dump.source_chain_dump).ok();
            let own = own.as_ref().and_then(|own| own.get("records")?.as_array());
            for record in own.into_iter().flatten() {
                let hash = record["action_address"].to_string();
                let private = found.get_mut(&hash).filter(|(_, known)| known["entry"].is_null());
                if let Some((_, known)) = private {
                    known["entry"] = record["entry"].clone();
                }
            }
            // The last page has no cursor; a cursor that repeats would never end.
            match operations.dht_ops_cursor {
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                _ => break,
            }
        }
        let held =
            found.into_values().map(|(state, record)| Some(Held { record: Record::of(&record)?, state }));
        let mut records = held.collect::<Option<Vec<_>>>().ok_or_else(unreadable)?;
        records.sort_by(|one, other| one.record.place().cmp(&other.record.place()));
        Ok(Self { records, is_chain_only: false })
    }

    async fn chain(admin: &Admin, cell: &CellId) -> Result<Self, Failure> {
        let records = chain(admin, cell, 0, None).await?.records.into_iter();
        let records = records.map(|record| Held { record, state: "on the chain" }).collect();
        Ok(Self { records, is_chain_only: true })
    }
}

/// Adds the contents of an operation, in the shape of chain dumps. An action is in several operations: the one that is
/// furthest behind determines the action's state.
fn note(found: &mut BTreeMap<String, (&'static str, Value)>, state: &'static str, operation: &DhtOp) {
    let DhtOp::ChainOp(operation) = operation else { return };
    let (action, entry) = parts(operation);
    let address = json!(ActionHash::with_data_sync(action.data()));
    let record = || json!({ "action_address": address, "action": action.data(), "entry": entry });
    let (known_state, known) = found.entry(address.to_string()).or_insert_with(|| (state, record()));
    if state != "integrated" {
        *known_state = state;
    }
    if known["entry"].is_null() {
        known["entry"] = json!(entry);
    }
}

fn parts(operation: &ChainOp) -> (&SignedAction, Option<&Entry>) {
    match operation {
        ChainOp::CreateRecord(action, entry)
        | ChainOp::CreateEntry(action, entry)
        | ChainOp::UpdateEntry(action, entry)
        | ChainOp::UpdateRecord(action, entry) => {
            let present = if let OpEntry::Present(entry) = entry { Some(entry) } else { None };
            (action, present)
        }
        ChainOp::AgentActivity(action)
        | ChainOp::DeleteRecord(action)
        | ChainOp::DeleteEntry(action)
        | ChainOp::CreateLink(action)
        | ChainOp::DeleteLink(action) => (action, None),
    }
}

/// How many operations are requested at once.
const PAGE: u32 = 500;
