//! Which cell answers, and to whom.

use crate::release::caller_access;
use hdk::prelude::*;
use probe_types::Whoami;

/// The cell's agent and DNA, and how the caller was let in.
#[hdk_extern]
pub fn whoami() -> ExternResult<Whoami> {
    let dna = dna_info()?;
    let call = call_info()?;
    Ok(Whoami {
        agent: agent_info()?.agent_initial_pubkey,
        access: caller_access(&call).to_owned(),
        provenance: call.provenance,
        function: call.function_name.0,
        dna_hash: dna.hash,
        dna_name: dna.name,
        network_seed: dna.modifiers.network_seed,
    })
}
