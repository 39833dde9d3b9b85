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

/// The first record after a sequence number.
async fn record_after(admin: &Admin, cell: &CellId, after: Option<u32>) -> Result<Option<Value>, AdminError> {
    let dump = admin.dump_state(cell, after, Some(1)).await?;
    Ok(first_record(&dump))
}

/// The dump is a JSON array whose first element holds the chain.
fn first_record(dump: &str) -> Option<Value> {
    let dump: Value = serde_json::from_str(dump).ok()?;
    let state = dump.as_array().and_then(|parts| parts.first()).unwrap_or(&dump);
    state.get("source_chain_dump")?.get("records")?.as_array()?.first().cloned()
}

/// Whether the record's action is `CloseChain`, wherever its type is spelled.
fn closes(record: &Value) -> bool {
    fn holds(value: &Value) -> bool {
        match value {
            Value::String(text) => text == "CloseChain",
            Value::Object(map) => map.iter().any(|(key, value)| key == "CloseChain" || holds(value)),
            Value::Array(items) => items.iter().any(holds),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    record.get("action").is_some_and(holds)
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
        assert_eq!(first_record(r#"[{"source_chain_dump":{"records":[]}}, "text"]"#), None);
        assert_eq!(first_record("garbage"), None);
    }
}
