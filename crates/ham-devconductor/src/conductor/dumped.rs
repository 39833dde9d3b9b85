//! Adds what another conductor held of a DNA.

use holo_hash::{AgentPubKey, DnaHash, HasHash as _};
use holochain_conductor_api::FullStateDump;
use holochain_state::dht_store::{AppOutcome, SysOutcome};
use holochain_types::prelude::{ActionData, DhtOp, DhtOpHashed, Timestamp};

use super::Conductor;
use crate::error::DumpError;

/// A dump that has been opened: everyone here sees what it holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedDump {
    /// The agent whose cell was dumped.
    pub agent: AgentPubKey,
    /// The DNA of that cell.
    pub dna: DnaHash,
    /// How many operations of the DHT it holds.
    pub operations: usize,
}

impl Conductor {
    /// Adds the content of a dump to the DHT of its DNA.
    ///
    /// # Errors
    /// Variant by variant in [`DumpError`].
    pub(crate) async fn open_dump(&self, dump: FullStateDump) -> Result<OpenedDump, DumpError> {
        let first = dump.source_chain_dump.records.into_iter().next().ok_or(DumpError::NoChain)?;
        let ActionData::Dna(genesis) = first.action.data else { return Err(DumpError::NoChain) };
        let (agent, dna) = (first.action.header.author, genesis.dna_hash);
        let _guard = self.work.begin().await;
        let store = self.store_of(&dna).await.map_err(database)?;
        let Some(store) = store else { return Err(DumpError::AnotherDna { dna }) };
        let mut operations = 0;
        for some in dump.integration_dump.integrated.chunks(AT_A_TIME) {
            let ops: Vec<_> = some.iter().cloned().map(DhtOpHashed::from_content_sync).collect();
            operations += ops.len();
            let chain = ops.iter().filter(|op| matches!(op.as_content(), DhtOp::ChainOp(_)));
            let hashes: Vec<_> = chain.map(|op| op.as_hash().clone()).collect();
            let valid = hashes.iter().map(|hash| (hash.clone(), SysOutcome::Accepted)).collect();
            let accepted = hashes.into_iter().map(|hash| (hash, AppOutcome::Accepted)).collect();
            let incoming = ops.into_iter().map(|op| (op, false)).collect();
            store.record_incoming_ops(incoming).await.map_err(database)?;
            store.record_chain_op_sys_validation_outcomes(valid).await.map_err(database)?;
            store.record_app_validation_outcomes(accepted).await.map_err(database)?;
            store.integrate_ready_ops(Timestamp::now()).await.map_err(database)?;
        }
        Ok(OpenedDump { agent, dna, operations })
    }
}

fn database(error: impl Into<crate::error::Cause>) -> DumpError {
    DumpError::Database { source: error.into() }
}

/// How many operations are written in one transaction.
const AT_A_TIME: usize = 1_000;
