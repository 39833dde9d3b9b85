//! What a protocol must say so that one session layer serves them all.

use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;

use crate::error::HandshakeError;
use crate::frame::Frame;
use crate::transport::HandshakeIo;

/// What one frame from the peer is.
#[derive(Debug)]
pub enum Decoded<P: Protocol + ?Sized> {
    /// Answers the request that was sent under `key`. If nothing waits for `key`, it goes to the inbox as
    /// [`Incoming::Orphan`](crate::Incoming::Orphan).
    Response {
        /// The key of the request it answers.
        key: P::Key,
        /// The answer.
        body: P::In,
    },
    /// A request from the peer, for the inbox.
    Request {
        /// The key that the answer must carry.
        key: P::Key,
        /// The request.
        body: P::In,
    },
    /// A message that expects no answer and answers nothing.
    Push(P::In),
    /// A message that the protocol answers by itself at once (an application-level ping).
    Reply(P::Out),
    /// A message that cannot be understood: reported to the inbox and skipped; the link stays.
    Skip(String),
    /// The peer broke the protocol in a way that makes the link useless: it is closed with this cause.
    Fatal(String),
}

/// How a quiet link is kept alive and probed.
#[derive(Clone, Debug)]
pub enum Keepalive<Out> {
    /// WebSocket ping frames, answered by pong frames.
    WsPing,
    /// A message of the protocol, answered by a response under its key.
    Message(Out),
}

/// A protocol over one WebSocket. All links of one persistent connection share one value of it.
pub trait Protocol: Send + Sync + 'static {
    /// What correlates an answer with its request: an id, or a content slot (`Ping`, `Subscribe(chain)`) if the wire has no ids. At
    /// most one request can be outstanding under a key.
    type Key: Eq + Hash + Clone + Debug + Send + Sync + 'static;
    /// A message to the peer.
    type Out: Send + 'static;
    /// A message from the peer.
    type In: Send + 'static;
    /// What the handshake learned.
    type Welcome: Send + Sync + 'static;

    /// Runs once per link, within the connect time-out, before anything else is sent or received.
    fn handshake(
        &self,
        io: &mut HandshakeIo<'_>,
    ) -> impl Future<Output = Result<Self::Welcome, HandshakeError>> + Send;

    /// The key under which `out` expects an answer; `None` if it expects none.
    fn key_of(&self, out: &Self::Out) -> Option<Self::Key>;

    /// Encodes a message. The error text is for people and must not hold a secret.
    ///
    /// # Errors
    /// When the message cannot be expressed on the wire; nothing is sent then.
    fn encode(&self, out: Self::Out) -> Result<Frame, String>;

    /// Classifies a frame from the peer. Never panics, whatever the peer sent.
    fn decode(&self, frame: Frame) -> Decoded<Self>;

    /// How a quiet link is kept alive and probed.
    fn keepalive(&self) -> Keepalive<Self::Out> {
        Keepalive::WsPing
    }

    /// A harmless request that a healthy peer answers at once; sent through the reserved slot if requests have been outstanding for
    /// too long. `None` if the protocol has none.
    fn probe(&self) -> Option<Self::Out> {
        None
    }

    /// The messages to send after each handshake, before the link counts as live: resubscriptions.
    fn on_live(&self) -> Vec<Self::Out> {
        Vec::new()
    }
}
