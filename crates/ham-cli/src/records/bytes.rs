//! Bytes and hashes in dumps.

use serde_json::Value;

/// The bytes that a dump writes as an array of numbers.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_array()?.iter().map(|byte| byte.as_u64().and_then(|byte| byte.try_into().ok())).collect()
}

/// The same value, with each array of bytes that is a hash replaced by the hash's text.
pub(super) fn readable(value: &Value) -> Value {
    match value {
        Value::Array(items) => match bytes(value).filter(|bytes| ham_json::is_hash(bytes)) {
            Some(hash) => Value::from(holo_hash::encode::holo_hash_encode(&hash)),
            None => items.iter().map(readable).collect(),
        },
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), readable(value))).collect())
        }
        other => other.clone(),
    }
}
