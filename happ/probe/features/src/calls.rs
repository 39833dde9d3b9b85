//! Calls to this cell, to other cells and to other agents.

use hdk::prelude::*;
use probe_types::features::{CallRequest, Target};

/// Calls whatever it is told to. The answer is the host's own, so that a refusal can be told from an error.
#[hdk_extern]
pub fn call_any(request: CallRequest) -> ExternResult<ZomeCallResponse> {
    dispatch(Call::from_request(request))
}

/// Several calls by one call of the host.
#[hdk_extern]
pub fn call_many(requests: Vec<CallRequest>) -> ExternResult<Vec<ZomeCallResponse>> {
    let calls = requests.into_iter().map(Call::from_request).collect();
    HDK.with(|hdk| hdk.borrow().call(calls))
}

/// Calls itself that many times, one inside the other, and returns the depth.
#[hdk_extern]
pub fn call_nested(depth: u32) -> ExternResult<u32> {
    if depth == 0 {
        return Ok(0);
    }
    let zome = zome_info()?.name;
    match call(CallTargetCell::Local, zome, "call_nested".into(), None, depth - 1)? {
        ZomeCallResponse::Ok(answer) => Ok(1 + answer.decode::<u32>().map_err(|e| wasm_error!(e))?),
        other => Err(wasm_error!(WasmErrorInner::Guest(format!("not called: {other:?}")))),
    }
}

/// Calls `echo_to_peer` of an agent, who may be this one, through the network.
#[hdk_extern]
pub fn call_peer_echo(agent: AgentPubKey) -> ExternResult<ZomeCallResponse> {
    call_remote(agent, zome_info()?.name, "echo_to_peer".into(), None, "through the network".to_owned())
}

/// Returns the text and who called; `init` opens it to everyone.
#[hdk_extern]
pub fn echo_to_peer(text: String) -> ExternResult<(String, AgentPubKey)> {
    Ok((text, call_info()?.provenance))
}

trait FromRequest {
    fn from_request(request: CallRequest) -> Self;
}

impl FromRequest for Call {
    fn from_request(CallRequest { target, zome, function, cap_secret, payload }: CallRequest) -> Self {
        let target = match target {
            Target::Local => CallTarget::ConductorCell(CallTargetCell::Local),
            Target::Role(role) => CallTarget::ConductorCell(CallTargetCell::OtherRole(role)),
            Target::Cell(cell) => CallTarget::ConductorCell(CallTargetCell::OtherCell(cell)),
            Target::Agent(agent) => CallTarget::NetworkAgent(agent),
        };
        Self::new(target, zome, function, cap_secret, payload)
    }
}

/// A call to a zome of this cell.
pub(crate) fn local(zome: &str, function: &str, text: String) -> ExternResult<Call> {
    let payload = ExternIO::encode(text).map_err(|e| wasm_error!(e))?;
    Ok(Call::new(
        CallTarget::ConductorCell(CallTargetCell::Local),
        zome.into(),
        function.into(),
        None,
        payload,
    ))
}

/// Like `hdk::prelude::call`, but the argument and the answer stay the bytes they are.
pub(crate) fn dispatch(call: Call) -> ExternResult<ZomeCallResponse> {
    let answers = HDK.with(|hdk| hdk.borrow().call(vec![call]))?;
    let none = || wasm_error!(WasmErrorInner::Guest("the host gave no answer".to_owned()));
    answers.into_iter().next().ok_or_else(none)
}
