//! The protocol of a life: requests, answers, pushes, and unreadable messages.

use std::sync::Arc;

use bytes::Bytes;
use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Inbox, Incoming, Keepalive, Link, Protocol};

use super::event::{Happened, PeerReceived, PeerSent};
use super::life::SessionLife;
use super::world::Welcome;
use crate::history::Recorder;

/// One message: a byte that says what it is, eight that say which one, and padding.
#[derive(Clone, Copy, Debug)]
pub(super) struct SimMessage {
    pub(super) kind: u8,
    pub(super) id: u64,
    pub(super) size: usize,
}

pub(super) const REQUEST: u8 = 0;
pub(super) const ANSWER: u8 = 1;
pub(super) const SEND: u8 = 2;
pub(super) const PUSH: u8 = 3;
pub(super) const ASK: u8 = 4;
pub(super) const REPLY: u8 = 5;
pub(super) const UNREADABLE: u8 = 6;
pub(super) const VIOLATION: u8 = 7;
pub(super) const HELLO: u8 = 8;

/// Keys that belong to no caller.
pub(super) const PROBE: u64 = 1 << 40;
pub(super) const KEEPALIVE: u64 = 2 << 40;
pub(super) const ON_LIVE: u64 = 3 << 40;
/// What an answer under a key that nobody used adds to the key.
pub(super) const ELSEWHERE: u64 = 4 << 40;

impl SimMessage {
    pub(super) fn write(self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.size.max(HEADER));
        bytes.push(self.kind);
        bytes.extend(self.id.to_be_bytes());
        bytes.resize(self.size.max(HEADER), b'.');
        bytes.into()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let id = u64::from_be_bytes(*rest.first_chunk()?);
        Some(Self { kind: *kind, id, size: bytes.len() })
    }

    /// What the message is to the peer.
    pub(super) fn got(self) -> PeerReceived {
        match (self.kind, self.id) {
            (REQUEST, PROBE) => PeerReceived::Probe,
            (REQUEST, KEEPALIVE) => PeerReceived::Keepalive,
            (REQUEST, n) => PeerReceived::Request(n),
            (SEND, ON_LIVE) => PeerReceived::OnLive,
            (SEND, n) => PeerReceived::Send(n),
            (REPLY, _) => PeerReceived::Reply,
            _ => PeerReceived::Unreadable,
        }
    }

    /// What the message is to the client.
    pub(super) fn sent(self) -> PeerSent {
        match self.kind {
            ANSWER if self.id >= PROBE => PeerSent::Stray,
            ANSWER => PeerSent::Answer(self.id),
            PUSH => PeerSent::Push,
            ASK => PeerSent::Ask,
            VIOLATION => PeerSent::Violation,
            UNREADABLE if self.id > 0 => PeerSent::Unreadable(self.id),
            _ => PeerSent::Garbage,
        }
    }
}

const HEADER: usize = 9;

/// The client's side of it.
pub(super) struct SimProtocol {
    life: Arc<SessionLife>,
    recorder: Recorder<Happened>,
}

impl SimProtocol {
    pub(super) fn new(life: Arc<SessionLife>, recorder: Recorder<Happened>) -> Self {
        Self { life, recorder }
    }
}

impl Protocol for SimProtocol {
    type Key = u64;
    type Out = SimMessage;
    type In = SimMessage;
    type Welcome = ();

    async fn handshake(&self, io: &mut HandshakeIo<'_>) -> Result<(), HandshakeError> {
        if self.life.world.welcome == Welcome::After(std::time::Duration::ZERO) {
            // This peer has no handshake.
            return Ok(());
        }
        io.send(Frame::Binary(SimMessage { kind: HELLO, id: 0, size: 0 }.write())).await?;
        match io.recv().await? {
            Frame::Binary(bytes) if SimMessage::read(&bytes).is_some_and(|message| message.kind == HELLO) => {
                Ok(())
            }
            _ => Err(HandshakeError::Violation("no welcome".to_owned())),
        }
    }

    fn key_of(&self, out: &SimMessage) -> Option<u64> {
        (out.kind == REQUEST).then_some(out.id)
    }

    fn encode(&self, out: SimMessage) -> Result<Frame, String> {
        Ok(Frame::Binary(out.write()))
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Binary(bytes) = frame else { return Decoded::Skip("text".to_owned()) };
        let Some(message) = SimMessage::read(&bytes) else { return Decoded::Skip("too short".to_owned()) };
        self.recorder.note(Happened::Heard { what: message.sent() });
        match message.kind {
            ANSWER => Decoded::Response { key: message.id, body: message },
            PUSH => Decoded::Push(message),
            ASK => Decoded::Request { key: message.id, body: message },
            VIOLATION => Decoded::Fatal("a violation".to_owned()),
            _ => Decoded::Skip("unreadable".to_owned()),
        }
    }

    fn keepalive(&self) -> Keepalive<SimMessage> {
        if self.life.world.keepalive_message {
            Keepalive::Message(SimMessage { kind: REQUEST, id: KEEPALIVE, size: 0 })
        } else {
            Keepalive::WsPing
        }
    }

    fn probe(&self) -> Option<SimMessage> {
        self.life.world.probes.then_some(SimMessage { kind: REQUEST, id: PROBE, size: 0 })
    }

    fn on_live(&self) -> Vec<SimMessage> {
        (0..self.life.world.on_live).map(|_| SimMessage { kind: SEND, id: ON_LIVE, size: 0 }).collect()
    }
}

/// Takes what answers no request, and replies to the peer's requests.
pub(super) struct SimInbox {
    recorder: Recorder<Happened>,
}

impl SimInbox {
    pub(super) fn new(recorder: Recorder<Happened>) -> Self {
        Self { recorder }
    }
}

impl Inbox<SimProtocol> for SimInbox {
    fn deliver(&self, link: &Link<SimProtocol>, incoming: Incoming<SimProtocol>) {
        match incoming {
            Incoming::Push(_) => self.recorder.note(Happened::Pushed),
            Incoming::Request { key, .. } => {
                self.recorder.note(Happened::Asked);
                // A reply for which there is no room is not sent.
                let _ = link.try_send(SimMessage { kind: REPLY, id: key, size: 0 });
            }
            Incoming::Orphan { key, .. } => self.recorder.note(Happened::Orphan { n: key }),
            Incoming::Skipped { .. } => self.recorder.note(Happened::Skipped),
        }
    }
}
