//! Calls that take their time. A zome cannot sleep, so they keep the processor busy until the conductor's clock has
//! moved on.

use hdk::prelude::*;
use probe_types::{CreateItem, SlowCreate, SlowEcho};
use std::time::Duration;

/// The longest a call may be told to compute; far inside the conductor's budget of instructions for one call.
pub const MAX_COMPUTE: Duration = Duration::from_secs(10);

/// Computes, then writes one item.
#[hdk_extern]
pub fn slow_create(SlowCreate { call_id, millis }: SlowCreate) -> ExternResult<ActionHash> {
    compute_for(millis)?;
    crate::item::create_item(CreateItem { call_id, body: "slow".to_owned() })
}

/// Computes, then returns the text.
#[hdk_extern]
pub fn slow_echo(SlowEcho { millis, text }: SlowEcho) -> ExternResult<String> {
    compute_for(millis)?;
    Ok(text)
}

fn compute_for(millis: u64) -> ExternResult<()> {
    let wanted = Duration::from_millis(millis).min(MAX_COMPUTE);
    let end = (sys_time()? + wanted).map_err(|e| wasm_error!(WasmErrorInner::Guest(e.to_string())))?;
    while sys_time()? < end {}
    Ok(())
}
