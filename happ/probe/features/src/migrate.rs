//! The end of one chain and the start of the next: what became of `migrate_agent_close` and `migrate_agent_open`.

use hdk::prelude::*;
use probe_types::features::InitPlan;

/// Closes this chain: whatever is written afterwards is invalid.
#[hdk_extern]
pub fn chain_close(new_target: Option<MigrationTarget>) -> ExternResult<ActionHash> {
    close_chain(new_target)
}

/// Says which chain this one continues.
#[hdk_extern]
pub fn chain_open(OpenChainInput { prev_target, close_hash }: OpenChainInput) -> ExternResult<ActionHash> {
    open_chain(prev_target, close_hash)
}

/// Asks for the init properties outside of `init`, which the host refuses.
#[hdk_extern]
pub fn init_plan_too_late() -> ExternResult<bool> {
    Ok(init_plan()?.is_some())
}

/// The init properties of this cell.
pub(crate) fn init_plan() -> ExternResult<Option<InitPlan>> {
    get_init_properties()?
        .map(|InitProperties(bytes)| decode(bytes.bytes()))
        .transpose()
        .map_err(|e: SerializedBytesError| wasm_error!(e))
}
