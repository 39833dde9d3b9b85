//! JSON to MessagePack.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmpv::Value;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::dialect::{BYTES, Dialect, HASH, MAX_DEPTH};
use crate::hash::is_hash;

/// A JSON text that has no MessagePack form, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSendable(String);

/// The MessagePack of a JSON text.
///
/// # Errors
/// [`NotSendable`] says what is wrong with the text, with line and column if the parser knows them.
pub fn to_messagepack(text: &str, dialect: Dialect) -> Result<Vec<u8>, NotSendable> {
    exact_integers(text).map_err(NotSendable)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Reading(dialect).deserialize(&mut json);
    let value = value.and_then(|value| json.end().map(|()| value));
    let value = value.map_err(|error| NotSendable(error.to_string()))?;
    if depth(&value) > MAX_DEPTH {
        return Err(NotSendable(format!("it is nested deeper than {MAX_DEPTH}")));
    }
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &value).map_err(|error| NotSendable(error.to_string()))?;
    Ok(bytes)
}

/// serde_json silently turns whole numbers beyond 64 bits into floats; here they are refused.
fn exact_integers(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        rest = &rest[at..];
        let end = if rest.starts_with('"') {
            string_end(rest)
        } else {
            rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len())
        };
        let token = &rest[..end];
        let whole = !token.starts_with('"') && !token.contains(['.', 'e', 'E']);
        if whole && token.parse::<u64>().is_err() && token.parse::<i64>().is_err() && digits(token) {
            return Err(format!(
                "the number {token} does not fit into 64 bits; write it as a string, or as a float"
            ));
        }
        rest = &rest[end..];
    }
    Ok(())
}

/// Whether it is a whole number at all; anything else that is wrong with it is for the parser to report.
fn digits(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where the string that begins here ends, including its quotes.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// A value of a JSON text; marked bytes are recognised.
#[derive(Clone, Copy)]
struct Reading(Dialect);

impl<'de> DeserializeSeed<'de> for Reading {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::F64(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let (mut map, mut keys) = (Vec::new(), std::collections::HashSet::new());
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key `{key}` appears twice")));
            }
            map.push((Value::from(key), value));
        }
        let marked = if self.0 == Dialect::Marked { marked(&map) } else { None };
        marked.unwrap_or(Ok(Value::Map(map))).map_err(A::Error::custom)
    }
}

/// The bytes of a marked object; `None` if it is not marked.
fn marked(map: &[(Value, Value)]) -> Option<Result<Value, String>> {
    let [(key, value)] = map else { return None };
    let text = value.as_str();
    let bytes = match key.as_str()? {
        HASH => text
            .and_then(|text| holo_hash::encode::holo_hash_decode_unchecked(text).ok())
            .filter(|bytes| is_hash(bytes))
            .ok_or("a Holochain hash, as `uhC…`"),
        BYTES => text.and_then(|text| STANDARD.decode(text).ok()).ok_or("bytes in base64"),
        _ => return None,
    };
    Some(
        bytes
            .map(Value::Binary)
            .map_err(|expected| format!("`{}` must be {expected}", key.as_str().unwrap_or_default())),
    )
}
