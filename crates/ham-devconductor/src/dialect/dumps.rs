//! Dumps of a cell as earlier releases write them.

use holo_hash::ActionHash;
use holochain_conductor_api::{
    DhtOpsCursor, FullIntegrationStateDump, FullStateDump, IntegrationStateDump, JsonDump, P2pAgentsDump,
};
use holochain_state::prelude::{SourceChainDump, SourceChainDumpRecord};
use holochain_types::op::DhtOp;
use holochain_types::prelude::{Action, Signature};
use serde::Serialize;

use super::actions::Flat;
use super::grants::EarlierEntry;
use super::operations::Operation;
use super::table::{Dialect, State};

/// The content of `dump_state`, before it becomes text.
#[derive(Serialize)]
struct Dump {
    peer_dump: P2pAgentsDump,
    source_chain_dump: Chain,
    integration_dump: IntegrationStateDump,
}

/// The content of `dump_full_state`.
#[derive(Debug, Serialize)]
pub(crate) struct FullDump {
    peer_dump: P2pAgentsDump,
    source_chain_dump: Chain,
    integration_dump: Integration,
}

#[derive(Debug, Serialize)]
struct Chain {
    records: Vec<Record>,
    published_ops_count: usize,
}

#[derive(Debug, Serialize)]
struct Record {
    signature: Signature,
    action_address: ActionHash,
    action: AnyAction,
    entry: Option<EarlierEntry>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum AnyAction {
    Flat(Flat),
    Today(Action),
}

#[derive(Debug, Serialize)]
struct Integration {
    validation_limbo: Vec<Operation>,
    integration_limbo: Vec<Operation>,
    integrated: Vec<Operation>,
    dht_ops_cursor: Cursor,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Cursor {
    Row(u64),
    Operation(Option<DhtOpsCursor>),
}

impl Dialect {
    /// The text of a dump, and of its summary.
    ///
    /// # Errors
    /// It cannot be expressed in JSON.
    pub(crate) fn dump_text(&self, dump: JsonDump) -> serde_json::Result<String> {
        let summary = dump.to_string();
        if self.is_todays() {
            return serde_json::to_string(&(dump, summary));
        }
        let summary = match self.state {
            State::Flat => summary.replace("Records returned:", "Records authored:"),
            State::HeaderAndData => summary,
        };
        let JsonDump { peer_dump, source_chain_dump, integration_dump } = dump;
        let source_chain_dump = self.chain(source_chain_dump);
        serde_json::to_string(&(Dump { peer_dump, source_chain_dump, integration_dump }, summary))
    }

    /// A dump with all operations of its page.
    pub(super) fn full_dump(&self, dump: FullStateDump) -> FullDump {
        let FullStateDump { peer_dump, source_chain_dump, integration_dump } = dump;
        let source_chain_dump = self.chain(source_chain_dump);
        let FullIntegrationStateDump { validation_limbo, integration_limbo, integrated, dht_ops_cursor } =
            integration_dump;
        let cursor = Cursor::Operation(dht_ops_cursor);
        let integration_dump =
            self.integration([validation_limbo, integration_limbo, integrated], 0, |_| cursor);
        FullDump { peer_dump, source_chain_dump, integration_dump }
    }

    /// The same of all operations, except those up to this row.
    pub(super) fn full_dump_after(&self, dump: FullStateDump, row: u64) -> FullDump {
        let FullStateDump { peer_dump, source_chain_dump, integration_dump } = dump;
        let source_chain_dump = self.chain(source_chain_dump);
        let FullIntegrationStateDump { validation_limbo, integration_limbo, integrated, .. } =
            integration_dump;
        let integration_dump =
            self.integration([validation_limbo, integration_limbo, integrated], row, Cursor::Row);
        FullDump { peer_dump, source_chain_dump, integration_dump }
    }

    /// Rows are numbered in order, from 1.
    fn integration(
        &self,
        stages: [Vec<DhtOp>; 3],
        after: u64,
        cursor: impl FnOnce(u64) -> Cursor,
    ) -> Integration {
        let mut row = 0;
        let [validation_limbo, integration_limbo, integrated] = stages.map(|operations| {
            let behind = operations.into_iter().filter(|_| {
                row += 1;
                row > after
            });
            behind.filter_map(|operation| Operation::of(operation, self.state)).collect()
        });
        Integration { validation_limbo, integration_limbo, integrated, dht_ops_cursor: cursor(row) }
    }

    fn chain(&self, chain: SourceChainDump) -> Chain {
        let SourceChainDump { records, published_ops_count } = chain;
        let record = |record: SourceChainDumpRecord| {
            let SourceChainDumpRecord { signature, action_address, action, entry } = record;
            let action = match self.state {
                State::Flat => AnyAction::Flat(Flat(action)),
                State::HeaderAndData => AnyAction::Today(action),
            };
            Record { signature, action_address, action, entry: entry.map(EarlierEntry) }
        };
        Chain { records: records.into_iter().map(record).collect(), published_ops_count }
    }
}
