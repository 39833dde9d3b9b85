//! Signals to the clients of this cell.

use crate::item::items;
use hdk::prelude::*;
use probe_entries::Item;
use probe_types::{CommittedAction, ProbeSignal, SendRemote};
use std::collections::HashMap;

/// Signals the text to this cell's clients.
#[hdk_extern]
pub fn emit(text: String) -> ExternResult<()> {
    emit_signal(ProbeSignal::Emitted { text })
}

/// Signals the text to the clients of other agents. Nothing says whether it arrived.
#[hdk_extern]
pub fn send_remote(SendRemote { agents, text }: SendRemote) -> ExternResult<()> {
    send_remote_signal(text, agents)
}

/// Called by the conductor when another agent's signal comes in; also callable by anyone.
#[hdk_extern]
pub fn recv_remote_signal(text: String) -> ExternResult<()> {
    emit_signal(ProbeSignal::Remote { from: call_info()?.provenance, text })
}

/// Signals what a call has written. A failure is told nobody: the call was answered already.
#[hdk_extern(infallible)]
pub fn post_commit(actions: Vec<SignedActionHashed>) {
    let call_ids = call_ids_of(&actions).unwrap_or_default();
    let actions = actions
        .into_iter()
        .map(|action| {
            let hash = action.as_hash().clone();
            CommittedAction { call_id: call_ids.get(&hash).cloned(), hash }
        })
        .collect();
    if let Err(error) = emit_signal(ProbeSignal::Committed { actions }) {
        error!("the signal of a commit was not sent: {error}");
    }
}

fn call_ids_of(actions: &[SignedActionHashed]) -> ExternResult<HashMap<ActionHash, String>> {
    let entries = actions.iter().filter_map(|action| action.hashed.content.entry_hash().cloned()).collect();
    query(items()?.entry_hashes(entries))?
        .into_iter()
        .map(|record| {
            let Item { call_id, .. } = (&record).try_into()?;
            Ok((record.action_address().clone(), call_id))
        })
        .collect()
}
