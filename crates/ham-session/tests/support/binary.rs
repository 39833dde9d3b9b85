//! Binary frames, u64 ids, a handshake that authenticates: the conductor's shape.

use bytes::{BufMut, Bytes, BytesMut};
use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Protocol};

use super::{Message, Peer, Rig, Server, rig};

pub(crate) const REQUEST: u8 = 0;
pub(crate) const RESPONSE: u8 = 1;
pub(crate) const PUSH: u8 = 2;
pub(crate) const AUTHENTICATE: u8 = 3;

#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) token: &'static str,
    pub(crate) probe: Option<u64>,
}

impl Binary {
    pub(crate) fn new() -> Self {
        Self { token: "sesame", probe: None }
    }
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) kind: u8,
    pub(crate) id: u64,
    pub(crate) body: Bytes,
}

pub(crate) fn call(id: u64, body: impl Into<Bytes>) -> Call {
    Call { kind: REQUEST, id, body: body.into() }
}

pub(crate) fn push(body: impl Into<Bytes>) -> Call {
    Call { kind: PUSH, id: 0, body: body.into() }
}

pub(crate) fn bytes(kind: u8, id: u64, body: &[u8]) -> Bytes {
    let mut buffer = BytesMut::with_capacity(9 + body.len());
    buffer.put_u8(kind);
    buffer.put_u64(id);
    buffer.put_slice(body);
    buffer.freeze()
}

pub(crate) fn parse(frame: &Bytes) -> Option<(u8, u64, Bytes)> {
    let id = frame.get(1..9)?.try_into().ok()?;
    Some((frame[0], u64::from_be_bytes(id), frame.slice(9..)))
}

impl Protocol for Binary {
    type Key = u64;
    type Out = Call;
    type In = Bytes;
    type Welcome = Bytes;

    async fn handshake(&self, io: &mut HandshakeIo<'_>) -> Result<Bytes, HandshakeError> {
        io.send(Frame::Binary(bytes(AUTHENTICATE, 0, self.token.as_bytes()))).await?;
        io.send(Frame::Binary(bytes(REQUEST, 0, b"info"))).await?;
        match io.recv().await {
            Ok(Frame::Binary(frame)) => match parse(&frame) {
                Some((RESPONSE, 0, body)) => Ok(body),
                _ => Err(HandshakeError::Violation("not the first answer".to_owned())),
            },
            Ok(Frame::Text(_)) => Err(HandshakeError::Violation("text".to_owned())),
            Err(HandshakeError::Closed(_)) => Err(HandshakeError::Refused("the token".to_owned())),
            Err(error) => Err(error),
        }
    }

    fn key_of(&self, out: &Call) -> Option<u64> {
        (out.kind == REQUEST).then_some(out.id)
    }

    fn encode(&self, out: Call) -> Result<Frame, String> {
        Ok(Frame::Binary(bytes(out.kind, out.id, &out.body)))
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Binary(frame) = frame else { return Decoded::Skip("text".to_owned()) };
        match parse(&frame) {
            Some((RESPONSE, key, body)) => Decoded::Response { key, body },
            Some((REQUEST, key, body)) => Decoded::Request { key, body },
            Some((PUSH, _, body)) => Decoded::Push(body),
            Some((99, ..)) => Decoded::Fatal("unknown dialect".to_owned()),
            _ => Decoded::Skip("garbage".to_owned()),
        }
    }

    fn probe(&self) -> Option<Call> {
        self.probe.map(|id| call(id, "probe"))
    }
}

impl Peer {
    pub(crate) async fn recv_call(&mut self) -> Option<(u8, u64, Bytes)> {
        match self.recv().await? {
            Message::Binary(frame) => parse(&frame),
            _ => None,
        }
    }

    pub(crate) async fn answer(&mut self, id: u64, body: &[u8]) {
        self.send(Message::Binary(bytes(RESPONSE, id, body))).await;
    }

    /// The server's part of the handshake.
    pub(crate) async fn welcome(mut self) -> Self {
        let (kind, _, token) = self.recv_call().await.unwrap();
        assert_eq!((kind, &token[..]), (AUTHENTICATE, &b"sesame"[..]));
        assert_eq!(self.recv_call().await.unwrap().0, REQUEST);
        self.answer(0, b"welcome").await;
        self
    }

    /// Answers every request with its own body until the link ends.
    pub(crate) async fn echo(mut self) -> usize {
        let mut answered = 0;
        while let Some((kind, id, body)) = self.recv_call().await {
            if kind == REQUEST {
                if self.ws_send(Message::Binary(bytes(RESPONSE, id, &body))).await.is_err() {
                    break;
                }
                answered += 1;
            }
        }
        answered
    }

    async fn ws_send(&mut self, message: Message) -> Result<(), ()> {
        use futures_util::SinkExt;
        self.ws.send(message).await.map_err(|_| ())
    }
}

/// A live link of this protocol over `ws://`.
pub(crate) async fn binary_rig(config: &ham_session::SessionConfig) -> Rig<Binary> {
    rig(&Server::plain().await, Binary::new(), config, Peer::welcome).await.unwrap()
}
