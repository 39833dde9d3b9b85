//! Whether a cell's source chain has been closed. Read before granting: an agent that writes after `CloseChain` gets
//! itself warranted.

use holochain_zome_types::cell::CellId;
use serde_json::Value;

use crate::admin::Admin;
use crate::error::AdminError;

/// Whether the last action of the cell's chain is `CloseChain`.
///
/// The admin interface pages a chain from its start only, so the head is found by galloping and bisection: about
/// 2·log2(length) small requests.
pub(super) async fn is_closed(admin: &Admin, cell: &CellId) -> Result<bool, AdminError> {
    let Some(mut last) = record_after(admin, cell, None).await? else { return Ok(false) };
    let mut low = 0_u32;
    let mut step = 1_u32;
    let mut high = loop {
        let probe = low.saturating_add(step);
        match record_after(admin, cell, Some(probe)).await? {
            Some(record) => {
                last = record;
                low = probe;
                step = step.saturating_mul(2);
            }
            None => break probe,
        }
    };
    // Invariant: a record follows `low` (or it is the first), none follows `high`.
    while high - low > 1 {
        let probe = low + (high - low) / 2;
        match record_after(admin, cell, Some(probe)).await? {
            Some(record) => {
                last = record;
                low = probe;
            }
            None => high = probe,
        }
    }
    if let Some(record) = record_after(admin, cell, Some(low)).await? {
        last = record;
    }
    Ok(closes(&last))
}

/// Whether a grant with this tag was written to the cell's chain, revoked or not. For clones, whose grants the admin
/// interface does not list (`holochain` 0.7.1): the chain is read from its start until the tag turns up.
pub(super) async fn holds_grant(admin: &Admin, cell: &CellId, tag: &str) -> Result<bool, AdminError> {
    let mut after = None;
    loop {
        let page = records(&admin.dump_state(cell, after, Some(PAGE)).await?);
        if page.iter().any(|record| record.get("entry").is_some_and(|entry| holds(entry, tag))) {
            return Ok(true);
        }
        if page.len() < PAGE as usize {
            return Ok(false);
        }
        // Sequence numbers begin at 0 and have no holes.
        after = Some(after.map_or(PAGE - 1, |after: u32| after.saturating_add(PAGE)));
    }
}

/// Records a request.
const PAGE: u32 = 256;

/// The first record after a sequence number.
async fn record_after(admin: &Admin, cell: &CellId, after: Option<u32>) -> Result<Option<Value>, AdminError> {
    let dump = admin.dump_state(cell, after, Some(1)).await?;
    Ok(records(&dump).into_iter().next())
}

/// The dump is a JSON array whose first element holds the chain.
fn records(dump: &str) -> Vec<Value> {
    let mut dump: Value = serde_json::from_str(dump).unwrap_or_default();
    let state = match dump.as_array_mut().and_then(|parts| parts.first_mut()) {
        Some(state) => state,
        None => &mut dump,
    };
    match state.get_mut("source_chain_dump").and_then(|chain| chain.get_mut("records")).map(Value::take) {
        Some(Value::Array(records)) => records,
        _ => Vec::new(),
    }
}

/// Whether the record's action is `CloseChain`, wherever its type is spelled.
fn closes(record: &Value) -> bool {
    record.get("action").is_some_and(|action| holds(action, "CloseChain"))
}

/// Whether a word stands anywhere in a value, as a text or as a key.
fn holds(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text == word,
        Value::Object(map) => map.iter().any(|(key, value)| key == word || holds(value, word)),
        Value::Array(items) => items.iter().any(|item| holds(item, word)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_action_type_closes() {
        let close = serde_json::json!({"action": {"type": "CloseChain", "action_seq": 9}});
        let other = serde_json::json!({"action": {"type": "Create"}, "entry": {"text": "CloseChain"}});
        assert!(closes(&close) && !closes(&other));
    }

    #[test]
    fn a_page_without_records_ends_the_chain() {
        assert!(records(r#"[{"source_chain_dump":{"records":[]}}, "text"]"#).is_empty());
        assert!(records("garbage").is_empty());
        assert_eq!(records(r#"[{"source_chain_dump":{"records":[1, 2]}}]"#).len(), 2);
    }
}
