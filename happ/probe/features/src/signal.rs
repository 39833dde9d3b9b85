//! Signals to this cell's clients and to other agents.

use hdk::prelude::*;
use probe_types::{features::FeatureSignal, SendRemote};

/// Signals the text to this cell's clients.
#[hdk_extern]
pub fn signal(text: String) -> ExternResult<()> {
    emit_signal(FeatureSignal::Emitted { text })
}

/// Signals the text and fails: a signal is no write and is not taken back.
#[hdk_extern]
pub fn signal_then_fail(text: String) -> ExternResult<()> {
    signal(text)?;
    Err(wasm_error!(WasmErrorInner::Guest("failed after a signal".to_owned())))
}

/// Signals the text to the clients of other agents. Nothing says whether it arrived.
#[hdk_extern]
pub fn signal_remote(SendRemote { agents, text }: SendRemote) -> ExternResult<()> {
    send_remote_signal(text, agents)
}

/// Called by the conductor when another agent's signal comes in; `init` opens it to everyone.
#[hdk_extern]
pub fn recv_remote_signal(text: String) -> ExternResult<()> {
    emit_signal(FeatureSignal::Remote { from: call_info()?.provenance, text })
}
