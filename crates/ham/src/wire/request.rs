//! Requests to a conductor, encoded once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use holochain_conductor_api::{AdminRequest, AppRequest};
use holochain_zome_types::prelude::Signature;
use serde::Serialize;

use super::codec::{encode, encode_into, kind};

/// [`AppRequest::CallZome`] as it is written.
#[derive(Serialize)]
struct CallZome<'a> {
    r#type: &'static str,
    value: SignedBytes<'a>,
}

/// A request whose format is ham's own: those that changed between releases, and those that tell releases apart.
#[derive(Serialize)]
struct Named<T> {
    r#type: &'static str,
    value: T,
}

#[derive(Serialize)]
struct SignedBytes<'a> {
    bytes: &'a serde_bytes::Bytes,
    signature: &'a Signature,
}

/// More bytes than the names, the headers and the signature add to those of a call.
pub(super) const CALL_OVERHEAD: usize = 192;

/// A request to a conductor, already encoded. `Debug` shows its name and its size: calls and grants hold secrets.
#[derive(Clone)]
pub struct Request {
    pub(super) id: u64,
    pub(super) body: Bytes,
}

impl Request {
    /// Wraps an encoded request under a fresh id.
    fn new(body: Vec<u8>) -> Self {
        Self { id: next_id(), body: body.into() }
    }

    /// A zome call, written as upstream writes [`AppRequest::CallZome`] but without copying the call first.
    pub(crate) fn call_zome(bytes: &[u8], signature: &Signature) -> Result<Self, String> {
        let value = SignedBytes { bytes: serde_bytes::Bytes::new(bytes), signature };
        let mut body = Vec::with_capacity(bytes.len() + CALL_OVERHEAD);
        encode_into(&mut body, &CallZome { r#type: "call_zome", value })?;
        Ok(Self::new(body))
    }

    /// An app request.
    pub(crate) fn app(request: &AppRequest) -> Result<Self, String> {
        encode(request).map(Self::new)
    }

    /// An admin request.
    pub(crate) fn admin(request: &AdminRequest) -> Result<Self, String> {
        encode(request).map(Self::new)
    }

    /// A request by its name on the wire.
    pub(crate) fn named<T: Serialize>(name: &'static str, value: T) -> Result<Self, String> {
        encode(&Named { r#type: name, value }).map(Self::new)
    }

    /// Its name on the wire.
    pub(crate) fn name(&self) -> &str {
        kind(&self.body).unwrap_or_default()
    }

    /// The same bytes under a fresh id, for sending them again.
    pub(crate) fn again(&self) -> Self {
        Self { id: next_id(), body: self.body.clone() }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {}: {} bytes)", self.id, self.name(), self.body.len())
    }
}

/// Ids are unique within the process, so an answer can never be taken for that of another link. MessagePack writes all of them in
/// nine bytes, so the length of a frame depends on nothing that happened before.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Incoming;

    /// Calls hold capability secrets, and answers tokens.
    #[test]
    fn what_is_sent_and_what_is_answered_is_not_shown() {
        let call = Request::call_zome(b"hush", &Signature([1; 64])).unwrap();
        let answer = Incoming::Answer(Some(Bytes::from_static(b"hush")));
        let shown = format!("{call:?} {answer:?} {:?}", Incoming::Signal(Bytes::from_static(b"hush")));
        assert!(shown.contains("call_zome") && !shown.contains("hush"), "{shown}");
        assert!(shown.ends_with("Answer(4 bytes) Signal(4 bytes)"), "{shown}");
    }
}
