//! The first three records of a chain.

use std::sync::Arc;

use holochain_keystore::MetaLairClient;
use holochain_state::{DhtStore, source_chain};
use holochain_types::prelude::{
    CellId, ExternIO, FunctionName, GenesisSelfCheckDataV1, GenesisSelfCheckDataV2, MembraneProof,
    ValidateCallbackResult,
};

use crate::error::WorkflowError;
use crate::host::Access;
use crate::ribosome::{Ribosome, names};

/// Asks the integrity zomes whether this agent may join, then writes its chain. A chain that is there stays as it is.
///
/// # Errors
/// [`GenesisFailure`](WorkflowError::GenesisFailure) with the reason the zome gave; nothing is written then.
pub(crate) async fn genesis(
    cell_id: &CellId,
    ribosome: &Arc<Ribosome>,
    dht: DhtStore,
    keystore: &MetaLairClient,
    membrane_proof: Option<MembraneProof>,
) -> Result<(), WorkflowError> {
    let agent = cell_id.agent_pubkey();
    if dht.as_read().has_genesis(agent).await? {
        return Ok(());
    }
    self_check(cell_id, ribosome, keystore, membrane_proof.as_ref()).await?;
    let dna = cell_id.dna_hash().clone();
    source_chain::genesis(dht, keystore.clone(), dna, agent.clone(), membrane_proof).await?;
    Ok(())
}

async fn self_check(
    cell_id: &CellId,
    ribosome: &Arc<Ribosome>,
    keystore: &MetaLairClient,
    membrane_proof: Option<&MembraneProof>,
) -> Result<(), WorkflowError> {
    let agent_key = cell_id.agent_pubkey().clone();
    let first = GenesisSelfCheckDataV1 {
        dna_info: ribosome.dna_info_1(),
        membrane_proof: membrane_proof.cloned(),
        agent_key: agent_key.clone(),
    };
    let second = GenesisSelfCheckDataV2 { membrane_proof: membrane_proof.cloned(), agent_key };
    let (first, second) = (ExternIO::encode(first)?, ExternIO::encode(second)?);
    // Each version under its own name; the plain name is the first version's old one.
    for (name, input) in
        [("genesis_self_check", &first), ("genesis_self_check_1", &first), ("genesis_self_check_2", &second)]
    {
        let access = Access::GenesisSelfCheck { keystore: keystore.clone() };
        let function = FunctionName::new(name);
        let results = ribosome
            .fold::<ValidateCallbackResult>(names(ribosome.integrity()), &function, input, access)
            .await?;
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
