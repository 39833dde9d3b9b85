//! Calls that fail, each in its own way.

use hdk::prelude::*;
use probe_types::{CreateItem, ItemCall};

/// Fails with the text as the guest's error.
#[hdk_extern]
pub fn fail(text: String) -> ExternResult<()> {
    Err(wasm_error!(WasmErrorInner::Guest(text)))
}

/// Writes one item and fails: nothing of it may remain.
#[hdk_extern]
pub fn create_then_fail(ItemCall { call_id }: ItemCall) -> ExternResult<ActionHash> {
    crate::item::create_item(CreateItem { call_id, body: "never committed".to_owned() })?;
    Err(wasm_error!(WasmErrorInner::Guest("failed after writing".to_owned())))
}

/// Panics, which the conductor sees as a trap.
#[hdk_extern]
pub fn panic_now() -> ExternResult<()> {
    panic!("panic_now was called")
}
