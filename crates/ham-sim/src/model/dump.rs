//! A page of a chain, as the JSON that `dump_state` returns.

use holochain_conductor_api::{AdminResponse, SourceChainCursor};
use holochain_zome_types::cell::CellId;
use serde_json::{Value, json};

use super::answer::Answer;
use super::cell::{Cell, Entry};
use super::conductor::Conductor;
use super::texts;
use crate::event::Cause;

pub(super) fn answer(
    conductor: &Conductor,
    cell: &CellId,
    cursor: Option<SourceChainCursor>,
    limit: Option<u32>,
) -> Answer {
    let mut state = conductor.lock();
    let whole = state.release.is_0_6();
    let (cursor, limit) = if whole { (None, None) } else { (cursor, limit) };
    let Some(cell) = state.store.cell(cell) else { return Answer::refused(texts::cell_missing(cell)) };
    let from = match cursor {
        Some(SourceChainCursor::Sequence(after)) => after as usize + 1,
        Some(_) => return Answer::refused(texts::in_no_table()),
        None => 0,
    };
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let page = cell.chain.iter().enumerate().skip(from).take(limit);
    let records: Vec<Value> = page.map(|(sequence, entry)| record(cell, sequence, entry, whole)).collect();
    let dump = json!([{ "source_chain_dump": { "records": records } }, "a chain"]).to_string();
    Answer::new("dump", &AdminResponse::StateDumped(dump))
}

fn record(cell: &Cell, sequence: usize, entry: &Entry, flat: bool) -> Value {
    let kind = match (entry.cause, &entry.deletes) {
        (Cause::Closed, _) => "CloseChain",
        (_, Some(_)) => "Delete",
        _ => "Create",
    };
    let deletes = entry.deletes.as_ref().map(|hash| hash.get_raw_39());
    let written =
        entry.grant.as_ref().map(|grant| json!({ "entry_type": "CapGrant", "entry": { "tag": grant.tag } }));
    let action = match flat {
        true => json!({ "type": kind, "action_seq": sequence, "deletes_address": deletes }),
        false => {
            let data = json!({ "type": kind, "deletes_address": deletes });
            json!({ "header": { "action_seq": sequence }, "data": data })
        }
    };
    json!({ "action_address": cell.hash(sequence).get_raw_39(), "action": action, "entry": written })
}
