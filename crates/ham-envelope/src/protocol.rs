//! The envelope as a protocol of the session layer.

use std::sync::Arc;

use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Protocol};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::envelope::{DecodeError, Envelope};

/// Envelopes over one WebSocket. An id correlates; there is no handshake apart from the upgrade's token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnvelopeProtocol;

impl Protocol for EnvelopeProtocol {
    /// Shared: the table, its queue and the caller each hold it.
    type Key = Arc<str>;
    /// Shared, so that what could not leave goes out on the next link without being copied.
    type Out = Arc<Envelope>;
    type In = Envelope;
    type Welcome = ();

    async fn handshake(&self, _io: &mut HandshakeIo<'_>) -> Result<(), HandshakeError> {
        Ok(())
    }

    fn key_of(&self, out: &Arc<Envelope>) -> Option<Arc<str>> {
        out.id.as_deref().map(Arc::from)
    }

    fn encode(&self, out: Arc<Envelope>) -> Result<Frame, String> {
        out.to_json().map(Frame::Text).map_err(|error| error.to_string())
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Text(text) = frame else { return Decoded::Skip("a binary frame".to_owned()) };
        let body = match Envelope::from_json(&text) {
            Ok(envelope) => envelope,
            // The cause's own text can quote the input.
            Err(DecodeError::Json(error)) => {
                let (line, column) = (error.line(), error.column());
                return unread(&text, format!("not the JSON of an envelope, line {line} column {column}"));
            }
            Err(error) => return unread(&text, error.to_string()),
        };
        match (&body.in_reply_to, &body.id) {
            (Some(key), _) => Decoded::Response { key: key.as_str().into(), body },
            (None, Some(key)) => Decoded::Request { key: key.as_str().into(), body },
            (None, None) => Decoded::Push(body),
        }
    }
}

/// A text that is not an envelope. If its id can be read, a peer that waits for an answer can be told why: it goes on as a request
/// without a kind, with the reason as its payload, as far as the [`Inbox`](ham_session::Inbox).
fn unread(text: &str, why: String) -> Decoded<EnvelopeProtocol> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
        in_reply_to: Option<IgnoredAny>,
    }
    match serde_json::from_str(text) {
        Ok(Named { id, in_reply_to: None }) => {
            let payload = serde_json::value::to_raw_value(&why).ok();
            let body = Envelope { payload, id: Some(id.clone()), ..Envelope::default() };
            Decoded::Request { key: id.into(), body }
        }
        _ => Decoded::Skip(why),
    }
}
