//! Committed actions as blocks: the convention that any hApp can follow.
//!
//! `post_commit` emits a map with `type` (or `event_type`) `committed` and `actions`, each a whole
//! `SignedActionHashed`, the `Record` that contains it, or `{ hash, seq }`. An action without a sequence number makes
//! no block.

use holochain_zome_types::prelude::Timestamp;
use serde_json::{Value, json};

/// A committed action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The action's hash.
    pub(super) hash: String,
    /// Its sequence number, which is the block's height.
    pub(super) seq: u32,
    /// The type of the action, if the signal gives it.
    action: Option<String>,
    /// When it was written, if the signal gives it; RFC 3339.
    timestamp: Option<String>,
}

impl Block {
    /// The blocks of a signal's payload, in the order of their heights.
    pub(super) fn of_payload(payload: &Value) -> Vec<Self> {
        let is_commit = ["event_type", "type"].iter().any(|name| payload[name] == "committed");
        let actions = payload["actions"].as_array().filter(|_| is_commit);
        let mut blocks: Vec<_> = actions.into_iter().flatten().filter_map(Self::of).collect();
        blocks.sort_by_key(|block| block.seq);
        blocks
    }

    /// An action in one of these forms; `None` if it is not an action, or has no sequence number.
    pub(super) fn of(action: &Value) -> Option<Self> {
        let action = action.get("signed_action").unwrap_or(action);
        let content = &action["hashed"]["content"];
        let first = |places: [&Value; 3]| places.into_iter().find(|place| !place.is_null()).cloned();
        let hash = first([&action["hashed"]["hash"], &action["hash"], &Value::Null])?;
        // In 0.7, in 0.6, and in the short form.
        let seq = first([&content["header"]["action_seq"], &content["action_seq"], &action["seq"]])?;
        let kind = first([&content["data"]["type"], &content["type"], &action["action"]]);
        let at = first([&content["header"]["timestamp"], &content["timestamp"], &action["timestamp"]]);
        Some(Self {
            hash: action_hash(&hash)?.to_owned(),
            seq: u32::try_from(seq.as_u64()?).ok()?,
            action: kind.and_then(|kind| kind.as_str().map(ToOwned::to_owned)),
            timestamp: at.and_then(|at| match at {
                Value::String(text) => Some(text),
                at => at.as_i64().map(|micros| Timestamp::from_micros(micros).to_string()),
            }),
        })
    }

    /// The `data` of the message.
    pub(super) fn data(&self, role: &str, zome: &str) -> Value {
        let mut data = json!({ "block_hash": self.hash, "height": self.seq });
        for (name, value) in [("action", &self.action), ("timestamp", &self.timestamp)] {
            if let Some(value) = value {
                data[name] = value.as_str().into();
            }
        }
        data["role"] = role.into();
        data["zome"] = zome.into();
        data
    }
}

/// The text of an action's hash, marked as one or plain.
pub(super) fn action_hash(value: &Value) -> Option<&str> {
    let text = value.get("$hash").unwrap_or(value).as_str()?;
    text.starts_with(ACTION).then_some(text)
}

/// The beginning of the text of every action hash.
const ACTION: &str = "uhCkk";

#[cfg(test)]
mod tests {
    use super::*;

    fn block(hash: &str, seq: u32) -> Block {
        Block { hash: hash.to_owned(), seq, action: None, timestamp: None }
    }

    #[test]
    fn whole_actions_of_either_release_and_short_ones_are_blocks() {
        let header = json!({ "timestamp": 1_700_000_000_000_000_i64, "action_seq": 7 });
        let hash = json!({ "$hash": "uhCkk1" });
        let new = json!({ "hashed": { "content": { "header": header, "data": { "type": "Create" } }, "hash": hash } });
        let old = json!({ "hashed": { "content": { "type": "Create", "timestamp": 1_700_000_000_000_000_i64,
            "action_seq": 7 }, "hash": hash } });
        let record = json!({ "signed_action": new, "entry": "NotStored" });
        for whole in [new, old, record] {
            let read = Block::of(&whole).unwrap();
            assert_eq!((read.hash.as_str(), read.seq), ("uhCkk1", 7));
            assert_eq!(
                read.data("main", "z"),
                json!({ "block_hash": "uhCkk1", "height": 7, "action": "Create",
                    "timestamp": "2023-11-14T22:13:20Z", "role": "main", "zome": "z" })
            );
        }
        assert_eq!(Block::of(&json!({ "hash": "uhCkk2", "seq": 3 })), Some(block("uhCkk2", 3)));
    }

    #[test]
    fn what_has_no_sequence_is_no_block() {
        for none in [
            json!({ "hash": { "$hash": "uhCkk1" }, "call_id": "c" }),
            json!({ "hash": { "$hash": "uhCEk1" }, "seq": 1 }),
            json!({ "hash": "uhCkk1", "seq": -1 }),
            json!({ "hash": "uhCkk1", "seq": 4_294_967_296_u64 }),
            json!({ "seq": 1 }),
            json!([1]),
            json!(null),
        ] {
            assert_eq!(Block::of(&none), None, "{none}");
        }
    }

    #[test]
    fn blocks_of_one_signal_are_in_the_order_of_their_heights() {
        let actions =
            json!([{ "hash": "uhCkk3", "seq": 3 }, { "hash": "x" }, { "hash": "uhCkk2", "seq": 2 }]);
        for name in ["type", "event_type"] {
            let payload = json!({ name: "committed", "actions": actions });
            assert_eq!(Block::of_payload(&payload), [block("uhCkk2", 2), block("uhCkk3", 3)]);
        }
        for other in [json!({ "type": "other", "actions": actions }), json!("committed"), json!(null)] {
            assert_eq!(Block::of_payload(&other), []);
        }
    }
}
