//! A link whose peer is a stream in memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::config::SessionConfig;
use crate::error::{HandshakeError, RequestError};
use crate::frame::Frame;
use crate::inbox::{Inbox, Incoming};
use crate::link::Link;
use crate::pending::{Bounds, Pending};
use crate::protocol::{Decoded, Protocol};
use crate::pump::Pump;
use crate::shared::Shared;
use crate::target::Target;
use crate::transport::{HandshakeIo, Transport};

/// Eight bytes of key, and padding. Key 0 expects no answer.
#[derive(Debug)]
pub(super) struct Padded {
    pub(super) probes: bool,
}

pub(super) const PROBE: u64 = u64::MAX;

impl Protocol for Padded {
    type Key = u64;
    type Out = (u64, usize);
    type In = Bytes;
    type Welcome = ();

    async fn handshake(&self, _io: &mut HandshakeIo<'_>) -> Result<(), HandshakeError> {
        Ok(())
    }

    fn key_of(&self, (key, _): &(u64, usize)) -> Option<u64> {
        (*key != 0).then_some(*key)
    }

    fn encode(&self, (key, padding): (u64, usize)) -> Result<Frame, String> {
        Ok(Frame::Binary([&key.to_be_bytes()[..], &vec![0; padding]].concat().into()))
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        match frame {
            Frame::Binary(bytes) => match key(&bytes) {
                0 => Decoded::Push(bytes),
                key => Decoded::Response { key, body: bytes },
            },
            Frame::Text(_) => Decoded::Skip("text".to_owned()),
        }
    }

    fn probe(&self) -> Option<(u64, usize)> {
        self.probes.then_some((PROBE, 0))
    }
}

fn key(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
}

struct Kept(mpsc::Sender<Incoming<Padded>>);

impl Inbox<Padded> for Kept {
    fn deliver(&self, _link: &Link<Padded>, incoming: Incoming<Padded>) {
        self.0.try_send(incoming).expect("the test reads its inbox");
    }
}

pub(super) struct Rig {
    pub(super) link: Link<Padded>,
    pub(super) peer: Peer,
    pub(super) inbox: mpsc::Receiver<Incoming<Padded>>,
}

pub(super) struct Peer {
    pub(super) ws: WebSocketStream<DuplexStream>,
}

impl Peer {
    /// The key of the next message; pings are answered meanwhile.
    pub(super) async fn next(&mut self) -> Option<u64> {
        loop {
            match self.ws.next().await? {
                Ok(Message::Binary(bytes)) => return Some(key(&bytes)),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                _ => return None,
            }
        }
    }

    pub(super) async fn answer(&mut self, key: u64) {
        self.ws.send(Message::Binary(key.to_be_bytes().to_vec().into())).await.expect("the link lives");
    }
}

/// A link over a stream that holds `buffer` bytes each way. Its pump runs on the current runtime.
pub(super) async fn rig(buffer: usize, probes: bool, config: &SessionConfig) -> Rig {
    let (kept, inbox) = mpsc::channel(4096);
    let (link, peer) = linked(buffer, probes, config, Arc::new(Kept(kept))).await;
    Rig { link, peer, inbox }
}

/// The same with an inbox of the test's own.
pub(super) async fn linked(
    buffer: usize,
    probes: bool,
    config: &SessionConfig,
    inbox: Arc<dyn Inbox<Padded>>,
) -> (Link<Padded>, Peer) {
    let (ours, theirs) = tokio::io::duplex(buffer);
    let target = Target::new("ws://localhost/".parse().expect("a URL"));
    let (transport, peer) =
        tokio::join!(Transport::upgrade(Box::new(ours), &target, config), accept_async(theirs));
    let pending = Pending::new(Bounds::of(config));
    let shared = Arc::new(Shared::new(Arc::new(Padded { probes }), (), pending, config));
    let link = Link::new(Arc::clone(&shared));
    let pump = Pump::new(transport.expect("a link"), &link, shared, inbox, config, probes);
    tokio::spawn(pump.run());
    (link, Peer { ws: peer.expect("a peer") })
}

pub(super) fn within(wait: Duration) -> Instant {
    Instant::now() + wait
}

/// Asks in a task of its own.
pub(super) fn ask(
    link: &Link<Padded>,
    key: u64,
    wait: Duration,
) -> tokio::task::JoinHandle<Result<Bytes, RequestError>> {
    let (link, deadline) = (link.clone(), within(wait));
    tokio::spawn(async move { link.request((key, 0), deadline).await })
}

/// Lets everything run that can run without time passing.
pub(super) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
