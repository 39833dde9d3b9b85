//! MessagePack to JSON.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmpv::Value;
use serde_json::{Map, Number, Value as Json, json};

use crate::dialect::{BYTES, Dialect, HASH, MAX_DEPTH};
use crate::hash::is_hash;

/// A MessagePack value that JSON cannot show, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotShowable(String);

/// The JSON of a MessagePack value.
///
/// # Errors
/// [`NotShowable`] says what JSON cannot show.
pub fn from_messagepack(bytes: &[u8], dialect: Dialect) -> Result<Json, NotShowable> {
    let mut rest = bytes;
    // rmpv counts a level more than once; its bound keeps the stack safe, ours below decides what is shown.
    let value = rmpv::decode::read_value_with_max_depth(&mut rest, 4 * MAX_DEPTH).map_err(|error| {
        NotShowable(format!("it is not MessagePack, or is nested deeper than {MAX_DEPTH} ({error})"))
    })?;
    if !rest.is_empty() {
        return Err(NotShowable(format!("{} more bytes follow the value", rest.len())));
    }
    json(&value, usize::from(nests(&value)), dialect).map_err(NotShowable)
}

/// The same, marked; if JSON cannot show it, its bytes: `{"$messagepack": "base64", "why": "…"}`.
#[must_use]
pub fn shown(bytes: &[u8]) -> Json {
    shown_in(bytes, Dialect::Marked)
}

/// The same in either dialect.
#[must_use]
pub fn shown_in(bytes: &[u8], dialect: Dialect) -> Json {
    from_messagepack(bytes, dialect)
        .unwrap_or_else(|why| json!({ "$messagepack": STANDARD.encode(bytes), "why": why.to_string() }))
}

fn json(value: &Value, depth: usize, dialect: Dialect) -> Result<Json, String> {
    if depth > MAX_DEPTH {
        return Err(format!("it is nested deeper than {MAX_DEPTH}"));
    }
    match value {
        Value::Nil => Ok(Json::Null),
        Value::Boolean(value) => Ok(Json::Bool(*value)),
        Value::Integer(value) => match (value.as_u64(), value.as_i64()) {
            (Some(value), _) => Ok(value.into()),
            (None, Some(value)) => Ok(value.into()),
            (None, None) => Err("it has an integer of more than 64 bits".into()),
        },
        Value::F32(value) => float(f64::from(*value)),
        Value::F64(value) => float(*value),
        Value::String(text) => match text.as_str() {
            Some(text) => Ok(text.into()),
            None => Err("it has a string that is not valid UTF-8".into()),
        },
        Value::Binary(bytes) if dialect == Dialect::Plain => Ok(bytes.as_slice().into()),
        Value::Binary(bytes) if is_hash(bytes) => {
            Ok(json!({ HASH: holo_hash::encode::holo_hash_encode(bytes) }))
        }
        Value::Binary(bytes) => Ok(json!({ BYTES: STANDARD.encode(bytes) })),
        Value::Array(items) => {
            items.iter().map(|item| json(item, depth + usize::from(nests(item)), dialect)).collect()
        }
        Value::Map(entries) => object(entries, depth, dialect),
        Value::Ext(kind, _) => Err(format!("it has a value of the extension type {kind}")),
    }
}

fn nests(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Map(_))
}

fn float(value: f64) -> Result<Json, String> {
    Number::from_f64(value).map(Json::Number).ok_or_else(|| format!("it has the number {value}"))
}

fn object(entries: &[(Value, Value)], depth: usize, dialect: Dialect) -> Result<Json, String> {
    let (mut object, mut keys) = (Map::new(), HashSet::new());
    for (key, value) in entries {
        let key = key.as_str().ok_or("it has a map with a key that is not a string")?;
        if !keys.insert(key) {
            return Err(format!("it has a map with the key {key:?} twice"));
        }
        object.insert(key.to_owned(), json(value, depth + usize::from(nests(value)), dialect)?);
    }
    match object.keys().next() {
        Some(key) if dialect == Dialect::Marked && object.len() == 1 && (key == HASH || key == BYTES) => {
            Err(format!("it has a map with the one key `{key}`, which marks bytes"))
        }
        _ => Ok(Json::Object(object)),
    }
}
