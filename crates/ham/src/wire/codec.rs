//! The conductor's envelopes: MessagePack maps with `u64` ids around MessagePack bodies.
//!
//! Source: `holochain_websocket` 0.7.1 (`WireMessage`), checked against a running conductor. The envelope is read
//! without copying the body; upstream's tagged enum buffers it first.

use std::fmt;

use bytes::Bytes;
use ham_session::{Frame, MAX_NESTING, nests_within};
use holochain_conductor_api::AppResponse;
use serde::{Deserialize, Serialize};

/// The envelope as it is written.
#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    data: &'a serde_bytes::Bytes,
}

/// The envelope as it is read; the body stays where it is.
#[derive(Deserialize)]
struct EnvelopeRef<'a> {
    #[serde(borrow)]
    r#type: &'a str,
    #[serde(default)]
    id: Option<u64>,
    #[serde(default, borrow)]
    data: Option<&'a serde_bytes::Bytes>,
}

/// What a conductor sends. `Debug` shows only its size: answers hold tokens.
#[derive(Clone)]
pub enum Incoming {
    /// The body of an answer; `None` when the conductor answered without one, which says nothing about the request.
    Answer(Option<Bytes>),
    /// An encoded signal.
    Signal(Bytes),
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(Some(body)) => write!(f, "Answer({} bytes)", body.len()),
            Self::Answer(None) => f.write_str("Answer(nothing)"),
            Self::Signal(body) => write!(f, "Signal({} bytes)", body.len()),
        }
    }
}

/// A decoded envelope.
pub(crate) enum Message {
    Response { id: u64, body: Option<Bytes> },
    Signal(Bytes),
}

/// Reads an envelope; the body is a slice of the frame.
pub(crate) fn classify(frame: Frame) -> Result<Message, String> {
    let bytes = match frame {
        Frame::Binary(bytes) => bytes,
        Frame::Text(text) => Bytes::from(text),
    };
    shallow(&bytes).map_err(|why| format!("not a conductor message: {why}"))?;
    let envelope: EnvelopeRef<'_> = rmp_serde::from_slice(&bytes)
        .map_err(|error| format!("not a conductor message: {}", unreadable(&error)))?;
    let body = envelope.data.map(|data| bytes.slice_ref(data));
    match (envelope.r#type, envelope.id, body) {
        ("response", Some(id), body) => Ok(Message::Response { id, body }),
        ("signal", _, Some(body)) => Ok(Message::Signal(body)),
        (kind, ..) => {
            let kind: String = kind.chars().take(32).collect();
            Err(format!("a conductor does not send `{kind}` messages of this form"))
        }
    }
}

/// An envelope around a body.
pub(crate) fn frame(kind: &str, id: Option<u64>, body: &[u8]) -> Result<Frame, String> {
    let envelope = Envelope { r#type: kind, id, data: serde_bytes::Bytes::new(body) };
    let mut buffer = Vec::with_capacity(body.len() + 48);
    encode_into(&mut buffer, &envelope)?;
    Ok(Frame::Binary(buffer.into()))
}

/// Encodes the way conductors do: structs as maps.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    let mut buffer = Vec::with_capacity(128);
    encode_into(&mut buffer, value)?;
    Ok(buffer)
}

pub(crate) fn encode_into<T: Serialize>(buffer: &mut Vec<u8>, value: &T) -> Result<(), String> {
    let mut serializer = rmp_serde::Serializer::new(buffer).with_struct_map();
    value.serialize(&mut serializer).map_err(|error| error.to_string())
}

/// Refuses nesting so deep that a recursive decoder would run out of stack. A body is a value of its own.
pub(crate) fn shallow(bytes: &[u8]) -> Result<(), String> {
    match nests_within(bytes, MAX_NESTING) {
        true => Ok(()),
        false => Err(format!("it nests deeper than {MAX_NESTING} levels")),
    }
}

/// Why something cannot be decoded: the reason up to where it quotes the data, which can be a secret, and cut if it is long.
pub(crate) fn unreadable(error: &rmp_serde::decode::Error) -> String {
    let text = error.to_string();
    let bare = text.split(['"', '`']).next().unwrap_or_default();
    bare.trim_end().chars().take(MAX_WHY).collect()
}

/// The longest text of why something cannot be decoded, in characters.
const MAX_WHY: usize = 256;

/// Decodes an app response.
pub(crate) fn decode_app(body: &[u8]) -> Result<AppResponse, String> {
    shallow(body)?;
    rmp_serde::from_slice(body).map_err(|error| unreadable(&error))
}

/// The name of a request or an answer.
pub(crate) fn kind(body: &[u8]) -> Result<&str, String> {
    rmp_serde::from_slice::<Kind<'_>>(body).map(|kind| kind.r#type).map_err(|error| unreadable(&error))
}

#[derive(Deserialize)]
struct Kind<'a> {
    r#type: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A warning quoted it in full, whatever its length.
    #[test]
    fn what_cannot_be_decoded_is_not_quoted() {
        let secret = "s3cr3t \" ` quote".repeat(1000);
        for body in [
            serde_json::json!({ "type": "app_info", "value": secret }),
            serde_json::json!({ "type": secret, "value": 1 }),
        ] {
            let why = decode_app(&rmp_serde::to_vec_named(&body).unwrap()).unwrap_err();
            assert!(!why.contains("s3cr3t") && !why.is_empty() && why.len() < 400, "{why}");
        }
    }
}
