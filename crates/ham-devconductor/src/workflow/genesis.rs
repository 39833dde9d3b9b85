//! The first three records of a chain.

use std::sync::Arc;

use holochain_keystore::MetaLairClient;
use holochain_state::{DhtStore, source_chain};
use holochain_types::prelude::{
    AgentPubKey, CellId, ExternIO, FunctionName, GenesisSelfCheckDataV1, GenesisSelfCheckDataV2,
    MembraneProof, ValidateCallbackResult,
};

use crate::budget::Budget;
use crate::error::WorkflowError;
use crate::host::Access;
use crate::ribosome::{Ribosome, names};
use crate::run::Run;

/// Asks the integrity zomes whether this agent may join, then writes its chain. An existing chain stays as it is.
///
/// # Errors
/// [`GenesisFailure`](WorkflowError::GenesisFailure) with the reason that the zome gave; nothing is then written.
pub(crate) async fn genesis(
    cell_id: &CellId,
    ribosome: &Arc<Ribosome>,
    dht: DhtStore,
    keystore: &MetaLairClient,
    membrane_proof: Option<MembraneProof>,
    budget: &Budget,
) -> Result<(), WorkflowError> {
    let agent = cell_id.agent_pubkey();
    if dht.as_read().has_genesis(agent).await? {
        return Ok(());
    }
    let access = Access::GenesisSelfCheck { keystore: keystore.clone() };
    self_check(agent, membrane_proof.as_ref(), &Run { ribosome, access, budget }).await?;
    let dna = cell_id.dna_hash().clone();
    source_chain::genesis(dht, keystore.clone(), dna, agent.clone(), membrane_proof).await?;
    Ok(())
}

async fn self_check(
    agent: &AgentPubKey,
    membrane_proof: Option<&MembraneProof>,
    run: &Run<'_>,
) -> Result<(), WorkflowError> {
    let (ribosome, agent_key) = (run.ribosome, agent.clone());
    let first = GenesisSelfCheckDataV1 {
        dna_info: ribosome.dna_info_1(),
        membrane_proof: membrane_proof.cloned(),
        agent_key: agent_key.clone(),
    };
    let second = GenesisSelfCheckDataV2 { membrane_proof: membrane_proof.cloned(), agent_key };
    let (first, second) = (ExternIO::encode(first)?, ExternIO::encode(second)?);
    // Each version under its own name; the plain name is the old name of the first version.
    for (name, input) in
        [("genesis_self_check", &first), ("genesis_self_check_1", &first), ("genesis_self_check_2", &second)]
    {
        let (zomes, function) = (names(ribosome.integrity()), FunctionName::new(name));
        let results = run.callbacks::<ValidateCallbackResult>(zomes, &function, input).await?;
        for (_, result) in results {
            match result {
                ValidateCallbackResult::Valid => {}
                ValidateCallbackResult::Invalid(reason) => return Err(WorkflowError::GenesisFailure(reason)),
                ValidateCallbackResult::UnresolvedDependencies(missing) => {
                    return Err(WorkflowError::GenesisFailure(format!(
                        "UnresolvedDependencies({missing:?})"
                    )));
                }
            }
        }
    }
    Ok(())
}
