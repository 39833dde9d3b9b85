//! The conductor's wire protocol: MessagePack envelopes with `u64` ids around MessagePack bodies.
//!
//! Source: `holochain_websocket` 0.7.1 (`WireMessage`), checked against a running conductor. The envelope is read
//! without copying the body; upstream's tagged enum buffers it first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Protocol};
use holochain_conductor_api::{AdminRequest, AppAuthenticationRequest, AppInfo, AppRequest, AppResponse};
use holochain_zome_types::prelude::Signature;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::dialect::Release;
use crate::redact::Secret;
use crate::wire;

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

/// [`AppRequest::CallZome`] as it is written.
#[derive(Serialize)]
struct CallZome<'a> {
    r#type: &'static str,
    value: SignedBytes<'a>,
}

/// A request whose words are ham's own: those that changed between releases, and those that tell them apart.
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

/// More than the names, the headers and the signature around the bytes of a call take.
const CALL_OVERHEAD: usize = 192;

/// A request to a conductor, already encoded.
#[derive(Clone, Debug)]
pub struct Request {
    id: u64,
    body: Bytes,
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
        wire::kind(&self.body).unwrap_or_default()
    }

    /// The same bytes under a fresh id, for sending them again.
    pub(crate) fn again(&self) -> Self {
        Self { id: next_id(), body: self.body.clone() }
    }
}

/// Ids are unique within the process, so that an answer can never be taken for that of another link. MessagePack writes all of
/// them in nine bytes: how long a frame is depends on nothing that happened before.
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What a conductor sends.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// The body of an answer; `None` when the conductor answered without one, which says nothing about the request.
    Answer(Option<Bytes>),
    /// An encoded signal.
    Signal(Bytes),
}

/// Which of a conductor's two interfaces a link talks to.
#[derive(Clone, Debug)]
pub enum Interface {
    /// The admin interface: no handshake.
    Admin,
    /// An app interface, opened by a token.
    App {
        /// The token that says which app this is for.
        token: Secret,
    },
}

/// What the handshake learned, and the conductor's release, which is found out when it is first needed.
#[derive(Clone, Debug)]
pub struct Welcome {
    app: Option<Box<AppInfo>>,
    /// The release that the owner names.
    named: Option<Release>,
    release: Arc<OnceCell<Release>>,
}

impl Welcome {
    /// The app behind the token, as it was when the link opened; `None` on an admin interface, which says nothing.
    pub fn app(&self) -> Option<&AppInfo> {
        self.app.as_deref()
    }

    /// The release that the owner names.
    pub(crate) fn named(&self) -> Option<Release> {
        self.named
    }

    /// The conductor's release, once it is found out.
    pub(crate) fn release(&self) -> &OnceCell<Release> {
        &self.release
    }
}

/// The protocol of one link to a conductor.
#[derive(Clone, Debug)]
pub struct ConductorProtocol {
    interface: Interface,
    /// The release that the owner names; `None` to find it out.
    release: Option<Release>,
}

impl ConductorProtocol {
    /// The protocol for `interface`.
    pub fn new(interface: Interface) -> Self {
        Self { interface, release: None }
    }

    /// Takes the conductor for one of this release instead of finding out; `None` finds out.
    #[must_use]
    pub fn with_release(mut self, release: Option<Release>) -> Self {
        self.release = release;
        self
    }

    fn frame(kind: &str, id: Option<u64>, body: &[u8]) -> Result<Frame, String> {
        let envelope = Envelope { r#type: kind, id, data: serde_bytes::Bytes::new(body) };
        let mut buffer = Vec::with_capacity(body.len() + 48);
        encode_into(&mut buffer, &envelope)?;
        Ok(Frame::Binary(buffer.into()))
    }

    /// Authenticates and asks for the app in one go: two small writes in one packet, one round trip.
    async fn open_app(io: &mut HandshakeIo<'_>, token: &Secret) -> Result<AppInfo, HandshakeError> {
        let auth = encode(&AppAuthenticationRequest { token: token.expose().to_vec() })
            .map_err(HandshakeError::Violation)?;
        let ask = Request::app(&AppRequest::AppInfo).map_err(HandshakeError::Violation)?;
        io.send(Self::frame("authenticate", None, &auth).map_err(HandshakeError::Violation)?).await?;
        io.send(Self::frame("request", Some(ask.id), &ask.body).map_err(HandshakeError::Violation)?).await?;
        loop {
            let frame = io.recv().await.map_err(refused_token)?;
            match classify(frame) {
                Ok(Message::Response { id, body: Some(body) }) if id == ask.id => {
                    return wire::app_info(&body).map_err(HandshakeError::Refused);
                }
                Ok(Message::Response { id, body: None }) if id == ask.id => {
                    return Err(HandshakeError::Violation(
                        "the conductor answered app info with nothing".into(),
                    ));
                }
                // Signals can overtake the answer; nobody listens yet.
                Ok(_) => {}
                Err(why) => return Err(HandshakeError::Violation(why)),
            }
        }
    }
}

/// A conductor refuses a token by closing the socket between `authenticate` and the first answer, without a word.
fn refused_token(error: HandshakeError) -> HandshakeError {
    match error {
        HandshakeError::Closed(_) | HandshakeError::Io(_) => HandshakeError::Closed(
            "the conductor closed the socket after authentication: it refused the app token (unknown, expired, \
             already used, for another app) or it is stopping"
                .into(),
        ),
        other => other,
    }
}

/// A decoded envelope.
enum Message {
    Response { id: u64, body: Option<Bytes> },
    Signal(Bytes),
}

/// Reads an envelope; the body is a slice of the frame.
fn classify(frame: Frame) -> Result<Message, String> {
    let bytes = match frame {
        Frame::Binary(bytes) => bytes,
        Frame::Text(text) => Bytes::from(text),
    };
    let envelope: EnvelopeRef<'_> =
        rmp_serde::from_slice(&bytes).map_err(|error| format!("not a conductor message: {error}"))?;
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

impl Protocol for ConductorProtocol {
    type Key = u64;
    type Out = Request;
    type In = Incoming;
    type Welcome = Welcome;

    async fn handshake(&self, io: &mut HandshakeIo<'_>) -> Result<Welcome, HandshakeError> {
        let app = match &self.interface {
            Interface::Admin => None,
            Interface::App { token } => Some(Box::new(Self::open_app(io, token).await?)),
        };
        Ok(Welcome { app, named: self.release, release: Arc::default() })
    }

    fn key_of(&self, out: &Request) -> Option<u64> {
        Some(out.id)
    }

    fn encode(&self, out: Request) -> Result<Frame, String> {
        Self::frame("request", Some(out.id), &out.body)
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        match classify(frame) {
            Ok(Message::Response { id, body }) => Decoded::Response { key: id, body: Incoming::Answer(body) },
            Ok(Message::Signal(body)) => Decoded::Push(Incoming::Signal(body)),
            Err(why) => Decoded::Skip(why),
        }
    }

    fn probe(&self) -> Option<Request> {
        match &self.interface {
            Interface::App { .. } => Request::app(&AppRequest::AppInfo).ok(),
            // The one admin request without arguments that only reads memory.
            Interface::Admin => Request::admin(&AdminRequest::ListCellIds).ok(),
        }
    }
}

/// Encodes the way conductors do: structs as maps.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    let mut buffer = Vec::with_capacity(128);
    encode_into(&mut buffer, value)?;
    Ok(buffer)
}

fn encode_into<T: Serialize>(buffer: &mut Vec<u8>, value: &T) -> Result<(), String> {
    let mut serializer = rmp_serde::Serializer::new(buffer).with_struct_map();
    value.serialize(&mut serializer).map_err(|error| error.to_string())
}

/// Decodes an app response.
pub(crate) fn decode_app(body: &[u8]) -> Result<AppResponse, String> {
    rmp_serde::from_slice(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
