//! Envelopes of the wire protocol, the model's own.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// What a client sends.
#[derive(Deserialize)]
pub(super) struct Request {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: Option<u64>,
    pub(super) data: ByteBuf,
}

#[derive(Serialize)]
struct Response<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    data: Option<&'a serde_bytes::Bytes>,
}

/// The name of a request.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "type")]
    kind: String,
}

pub(super) fn read(frame: &[u8]) -> Option<Request> {
    rmp_serde::from_slice(frame).ok()
}

pub(super) fn name(body: &[u8]) -> String {
    rmp_serde::from_slice::<Named>(body).map(|named| named.kind).unwrap_or_default()
}

pub(super) fn body(value: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

/// An answer; `None` means one without a body.
pub(super) fn response(id: u64, body: Option<&[u8]>) -> Bytes {
    let data = body.map(serde_bytes::Bytes::new);
    Bytes::from(self::body(&Response { kind: "response", id: Some(id), data }))
}

pub(super) fn signal(body: &[u8]) -> Bytes {
    Bytes::from(self::body(&Response { kind: "signal", id: None, data: Some(serde_bytes::Bytes::new(body)) }))
}
