//! Signals as events.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::block::{Block, action_hash};

/// The `data` of an event: what a zome emitted.
pub(super) fn of_zome(payload: Value, role: &str, zome: &str) -> Value {
    data(event_type(&payload), entity_id(&payload), role, &[("zome", zome)], payload)
}

/// The `data` of an event that another agent sent without a zome; Holochain 0.7.0 does not say who.
pub(super) fn direct(bytes: &[u8], from: Option<&str>, role: &str) -> Value {
    let payload = ham_json::from_messagepack(bytes, ham_json::Dialect::Marked)
        .unwrap_or_else(|_| json!({ "$bytes": STANDARD.encode(bytes) }));
    let from = from.map(|from| ("from", from));
    data("direct".to_owned(), entity_id(&payload), role, from.as_slice(), payload)
}

fn data(
    event_type: String,
    entity_id: Option<String>,
    role: &str,
    more: &[(&str, &str)],
    payload: Value,
) -> Value {
    let mut data = Map::new();
    data.insert("event_type".to_owned(), event_type.into());
    if let Some(entity_id) = entity_id {
        data.insert("entity_id".to_owned(), entity_id.into());
    }
    data.insert("role".to_owned(), role.into());
    for (name, value) in more {
        data.insert((*name).to_owned(), (*value).into());
    }
    data.insert("payload".to_owned(), payload);
    data.into()
}

/// The first of these that is a name: the payload's `event_type`; its `type`, which scaffolded hApps use; the only key
/// of a map with one key, which is how serde writes an enum; the payload itself.
fn event_type(payload: &Value) -> String {
    let only_key = || {
        let mut keys = payload.as_object()?.keys();
        keys.next().filter(|key| !key.starts_with('$') && keys.next().is_none()).map(String::as_str)
    };
    let named = [payload["event_type"].as_str(), payload["type"].as_str(), only_key(), payload.as_str()];
    let is_name = |name: &&str| !name.is_empty() && name.len() <= ham_feed::server::DEFAULT_MAX_NAME;
    named.into_iter().flatten().find(is_name).unwrap_or("signal").to_owned()
}

/// The payload's own, else the first action that it commits, else the first action hash in it: a whole action contains
/// the previous one's hash before its own.
fn entity_id(payload: &Value) -> Option<String> {
    let own = &payload["entity_id"];
    let own = own.as_str().or_else(|| own["$hash"].as_str());
    let committed = || Block::of_payload(payload).into_iter().next().map(|block| block.hash);
    let named = || first_action(payload).map(ToOwned::to_owned);
    own.map(ToOwned::to_owned).or_else(committed).or_else(named)
}

/// It is nested no deeper than JSON can show.
fn first_action(value: &Value) -> Option<&str> {
    match value {
        Value::Object(entries) if entries.contains_key("$hash") => action_hash(value),
        Value::Object(entries) => entries.values().find_map(first_action),
        Value::Array(items) => items.iter().find_map(first_action),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_the_first_that_is_a_name() {
        let long = "x".repeat(257);
        for (payload, name) in [
            (json!({ "event_type": "e", "type": "t" }), "e"),
            (json!({ "event_type": 7, "type": "t" }), "t"),
            (json!({ "type": "" , "other": 1 }), "signal"),
            (json!({ "Shipped": { "id": 1 } }), "Shipped"),
            (json!({ "type": { "Nested": 1 } }), "type"),
            (json!("started"), "started"),
            (json!({ "$hash": "uhCkk1" }), "signal"),
            (json!({ "$messagepack": "wA==", "why": "" }), "signal"),
            (json!({ "a": 1, "b": 2 }), "signal"),
            (json!(long), "signal"),
            (json!(7), "signal"),
            (json!(null), "signal"),
        ] {
            assert_eq!(event_type(&payload), name, "{payload}");
        }
    }

    #[test]
    fn what_it_is_about_is_the_payloads_own_or_the_first_action() {
        let action = json!({ "$hash": "uhCkk1" });
        for (payload, id) in [
            (json!({ "entity_id": "e", "action": action }), Some("e")),
            (json!({ "entity_id": { "$hash": "uhCEk9" }, "action": action }), Some("uhCEk9")),
            (
                json!({ "entity_id": 7, "deep": [{ "x": { "$hash": "uhCEk9" } }, { "y": action }] }),
                Some("uhCkk1"),
            ),
            (
                json!({ "type": "committed", "actions": [{ "before": { "$hash": "uhCkk0" }, "hash": action, "seq": 7 }] }),
                Some("uhCkk1"),
            ),
            (json!({ "text": "uhCkk1" }), None),
            (json!("uhCkk1"), None),
        ] {
            assert_eq!(entity_id(&payload).as_deref(), id, "{payload}");
        }
    }

    #[test]
    fn an_event_is_written_like_this() {
        assert_eq!(
            of_zome(json!({ "type": "t", "n": 1 }), "main", "bridge").to_string(),
            r#"{"event_type":"t","role":"main","zome":"bridge","payload":{"type":"t","n":1}}"#
        );
        assert_eq!(
            direct(&[0xa2, b'h', b'i'], Some("uhCAk1"), "main").to_string(),
            r#"{"event_type":"direct","role":"main","from":"uhCAk1","payload":"hi"}"#
        );
        assert_eq!(
            direct(&[0xff, 0xff], None, "main").to_string(),
            r#"{"event_type":"direct","role":"main","payload":{"$bytes":"//8="}}"#
        );
    }
}
