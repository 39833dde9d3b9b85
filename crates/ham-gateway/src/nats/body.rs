//! The bodies of the stream's messages: the texts of the feed, and what is read from them again.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Which block the stream, or the feed, has reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Head {
    #[serde(rename = "block_hash")]
    pub(super) hash: String,
    pub(super) height: u32,
}

impl Head {
    /// That of a message; `None` if it is not a block.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Block {
            data: Head,
        }
        serde_json::from_slice::<Block>(text).ok().map(|block| block.data)
    }
}

/// A block, as the feed tells it to subscribers without ids: the same bytes, whoever publishes it.
pub(super) fn block(chain: &str, data: &Value) -> Bytes {
    json!({ "type": "new_block", "chain_name": chain, "data": data }).to_string().into()
}

/// The same, from a text of the feed.
pub(super) fn block_of(chain: &str, text: &str) -> Option<Bytes> {
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let Block { data } = serde_json::from_str(text).ok()?;
    let chain = Value::from(chain);
    Some(format!(r#"{{"type":"new_block","chain_name":{chain},"data":{data}}}"#).into())
}

/// Something may be missing here.
pub(super) fn gap(chain: &str, id: &str, cause: &str, missed: Option<u64>, now: u64) -> Bytes {
    let gap = json!({
        "type": "gap", "chain_name": chain, "id": id, "cause": cause, "missed": missed, "since": now,
    });
    gap.to_string().into()
}

/// The cause that a gap names.
pub(super) fn cause(text: &str) -> String {
    #[derive(Deserialize)]
    struct Gap {
        cause: String,
    }
    serde_json::from_str::<Gap>(text).map(|gap| gap.cause).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_same_bytes_whether_it_was_told_or_listed() {
        let data = json!({ "block_hash": "uhCkk1", "height": 7, "role": "main", "zome": "z" });
        let told = format!(r#"{{"type":"new_block","chain_name":"a/main","id":"e-1","data":{data}}}"#);
        let body = block("a/main", &data);
        assert_eq!(block_of("a/main", &told), Some(body.clone()));
        assert_eq!(Head::of(&body), Some(Head { hash: "uhCkk1".into(), height: 7 }));
        for none in [&b"{"[..], b"[]", b"{\"data\":1}", b"{\"data\":{\"block_hash\":\"a\",\"height\":-1}}"] {
            assert_eq!(Head::of(none), None);
        }
    }
}
