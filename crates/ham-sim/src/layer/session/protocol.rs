//! The protocol of a life: requests, answers, pushes, and unreadable messages.

use std::sync::Arc;

use bytes::Bytes;
use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Inbox, Incoming, Keepalive, Link, Protocol};

use super::event::{Got, Happened, Sent};
use super::life::SessionLife;
use super::world::Welcome;
use crate::history::Recorder;

/// One message: a byte that says what it is, eight that say which one, and padding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
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

impl Letter {
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
    pub(super) fn got(self) -> Got {
        match (self.kind, self.id) {
            (REQUEST, PROBE) => Got::Probe,
            (REQUEST, KEEPALIVE) => Got::Keepalive,
            (REQUEST, n) => Got::Request(n),
            (SEND, ON_LIVE) => Got::OnLive,
            (SEND, n) => Got::Send(n),
            (REPLY, _) => Got::Reply,
            _ => Got::Unreadable,
        }
    }

    /// What the message is to the client.
    pub(super) fn sent(self) -> Sent {
        match self.kind {
            ANSWER if self.id >= PROBE => Sent::Stray,
            ANSWER => Sent::Answer(self.id),
            PUSH => Sent::Push,
            ASK => Sent::Ask,
            VIOLATION => Sent::Violation,
            UNREADABLE if self.id > 0 => Sent::Unreadable(self.id),
            _ => Sent::Garbage,
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
    type Out = Letter;
    type In = Letter;
    type Welcome = ();

    async fn handshake(&self, io: &mut HandshakeIo<'_>) -> Result<(), HandshakeError> {
        if self.life.world.welcome == Welcome::After(std::time::Duration::ZERO) {
            // This peer has no handshake.
            return Ok(());
        }
        io.send(Frame::Binary(Letter { kind: HELLO, id: 0, size: 0 }.write())).await?;
        match io.recv().await? {
            Frame::Binary(bytes) if Letter::read(&bytes).is_some_and(|letter| letter.kind == HELLO) => Ok(()),
            _ => Err(HandshakeError::Violation("no welcome".to_owned())),
        }
    }

    fn key_of(&self, out: &Letter) -> Option<u64> {
        (out.kind == REQUEST).then_some(out.id)
    }

    fn encode(&self, out: Letter) -> Result<Frame, String> {
        Ok(Frame::Binary(out.write()))
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Binary(bytes) = frame else { return Decoded::Skip("text".to_owned()) };
        let Some(letter) = Letter::read(&bytes) else { return Decoded::Skip("too short".to_owned()) };
        self.recorder.note(Happened::Heard { what: letter.sent() });
        match letter.kind {
            ANSWER => Decoded::Response { key: letter.id, body: letter },
            PUSH => Decoded::Push(letter),
            ASK => Decoded::Request { key: letter.id, body: letter },
            VIOLATION => Decoded::Fatal("a violation".to_owned()),
            _ => Decoded::Skip("unreadable".to_owned()),
        }
    }

    fn keepalive(&self) -> Keepalive<Letter> {
        if self.life.world.keepalive_message {
            Keepalive::Message(Letter { kind: REQUEST, id: KEEPALIVE, size: 0 })
        } else {
            Keepalive::WsPing
        }
    }

    fn probe(&self) -> Option<Letter> {
        self.life.world.probes.then_some(Letter { kind: REQUEST, id: PROBE, size: 0 })
    }

    fn on_live(&self) -> Vec<Letter> {
        (0..self.life.world.on_live).map(|_| Letter { kind: SEND, id: ON_LIVE, size: 0 }).collect()
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
                let _ = link.try_send(Letter { kind: REPLY, id: key, size: 0 });
            }
            Incoming::Orphan { key, .. } => self.recorder.note(Happened::Orphan { n: key }),
            Incoming::Skipped { .. } => self.recorder.note(Happened::Skipped),
        }
    }
}
