//! Calls to other cells, made from inside a call.

use hdk::prelude::*;
use probe_types::{CallOtherCell, CallPeer, LedgerPost};

/// Posts to the role `ledger` of the same app.
#[hdk_extern]
pub fn call_ledger(post: LedgerPost) -> ExternResult<ActionHash> {
    let target = CallTarget::ConductorCell(CallTargetCell::OtherRole("ledger".to_owned()));
    let payload = ExternIO::encode(post).map_err(|e| wasm_error!(e))?;
    let answer = dispatch(Call::new(target, "ledger".into(), "post".into(), None, payload))?;
    answer.decode().map_err(|e| wasm_error!(e))
}

/// Calls any function of any cell of this conductor. An error of the inner call fails the outer one.
#[hdk_extern]
pub fn call_other_cell(
    CallOtherCell { cell_id, zome, function, payload }: CallOtherCell,
) -> ExternResult<ExternIO> {
    let target = CallTarget::ConductorCell(CallTargetCell::OtherCell(cell_id));
    dispatch(Call::new(target, zome, function, None, payload))
}

/// Calls a function of another agent's cell of this DNA, through the network.
#[hdk_extern]
pub fn call_peer(
    CallPeer { agent, zome, function, cap_secret, payload }: CallPeer,
) -> ExternResult<ExternIO> {
    dispatch(Call::new(CallTarget::NetworkAgent(agent), zome, function, cap_secret, payload))
}

/// Like `hdk::prelude::call`, but the argument and the answer stay the bytes they are.
fn dispatch(call: Call) -> ExternResult<ExternIO> {
    let answers = HDK.with(|hdk| hdk.borrow().call(vec![call]))?;
    match answers.into_iter().next() {
        Some(ZomeCallResponse::Ok(answer)) => Ok(answer),
        // Its text would carry the capability secret.
        Some(ZomeCallResponse::Unauthorized(reason, _, zome, function)) => {
            Err(refused(format!("unauthorized: {reason:?} for {zome}/{function}")))
        }
        Some(other) => Err(refused(format!("not called: {other:?}"))),
        None => Err(refused("no answer".to_owned())),
    }
}

fn refused(text: String) -> WasmError {
    wasm_error!(WasmErrorInner::Guest(text))
}
