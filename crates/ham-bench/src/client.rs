//! The envelope as a protocol of the session layer, and as a request of `holochain_websocket`.

use bytes::Bytes;
use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Inbox, Incoming, Link, Protocol};
use holochain_types::prelude::{SerializedBytes, SerializedBytesError, UnsafeBytes};

use crate::envelope;

/// The conductor's envelope without a handshake.
#[derive(Debug)]
pub struct Envelopes;

/// A request of it; the body is encoded already.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its id.
    pub id: u64,
    /// Its body.
    pub body: Bytes,
}

impl Protocol for Envelopes {
    type Key = u64;
    type Out = Outgoing;
    type In = Bytes;
    type Welcome = ();

    async fn handshake(&self, _io: &mut HandshakeIo<'_>) -> Result<(), HandshakeError> {
        Ok(())
    }

    fn key_of(&self, out: &Outgoing) -> Option<u64> {
        Some(out.id)
    }

    fn encode(&self, out: Outgoing) -> Result<Frame, String> {
        Ok(Frame::Binary(envelope::request(out.id, &out.body).into()))
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Binary(frame) = frame else { return Decoded::Skip("not binary".into()) };
        match envelope::parse(&frame) {
            Some((key, body)) => Decoded::Response { key, body: frame.slice(body) },
            None => Decoded::Skip("not an answer".into()),
        }
    }
}

/// Takes nothing: a bench that needs it has lost an answer, and stops at its deadline.
#[derive(Debug)]
pub struct NoInbox;

impl<P: Protocol> Inbox<P> for NoInbox {
    fn deliver(&self, _link: &Link<P>, _incoming: Incoming<P>) {}
}

/// A body that is encoded already, as `holochain_websocket` takes it: its cheapest case.
#[derive(Clone, Debug)]
pub struct Encoded(pub Bytes);

impl TryFrom<Encoded> for SerializedBytes {
    type Error = SerializedBytesError;

    fn try_from(body: Encoded) -> Result<Self, SerializedBytesError> {
        Ok(Self::from(UnsafeBytes::from(body.0.to_vec())))
    }
}

impl TryFrom<SerializedBytes> for Encoded {
    type Error = SerializedBytesError;

    fn try_from(body: SerializedBytes) -> Result<Self, SerializedBytesError> {
        Ok(Self(Vec::from(UnsafeBytes::from(body)).into()))
    }
}

/// An answer whose value is skipped, not built.
pub type Skipped = serde::de::IgnoredAny;
