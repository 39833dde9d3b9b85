//! The WebSocket itself. This file and those below it are the only ones that name the WebSocket crate, so that it can be replaced.

mod client;
mod errors;
mod handshake;
mod metered;
mod server;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::config::SessionConfig;
use crate::error::LinkEnd;
use crate::frame::Frame;
use errors::link_end;
use metered::Metered;

pub use handshake::HandshakeIo;

/// One upgraded WebSocket, not split: one task reads and writes it, so there is no lock, and reading goes on while a write is blocked.
pub(crate) struct Transport {
    socket: WebSocketStream<Metered>,
    /// Whether frames were fed that the socket has not taken in full.
    dirty: bool,
    /// Bytes fed since the socket had taken everything, and the socket's count at that time.
    fed: u64,
    written_before: u64,
    coalescing: u64,
    /// Bytes read when the last message was complete, and bytes of control frames since.
    read_before: u64,
    control: u64,
    control_header: u64,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Received {
    Frame(Frame),
    /// A ping; its pong is sent automatically.
    Ping,
    Pong(Bytes),
    Closed {
        code: u16,
        reason: String,
    },
}

impl Transport {
    /// Takes over an upgraded socket. A client's peer is a server, and vice versa.
    fn new(socket: WebSocketStream<Metered>, peer: Peer, config: &SessionConfig) -> Self {
        Self {
            dirty: false,
            fed: 0,
            written_before: 0,
            coalescing: coalescing(config) as u64,
            read_before: socket.get_ref().read,
            control: 0,
            control_header: match peer {
                Peer::Client => CONTROL_HEADER + MASK,
                Peer::Server => CONTROL_HEADER,
            },
            socket,
        }
    }

    /// Buffers a frame. It may write, but never waits.
    pub(crate) fn feed(&mut self, frame: Frame) -> Result<(), LinkEnd> {
        let message = match frame {
            Frame::Text(text) => Message::Text(text.into()),
            Frame::Binary(bytes) => Message::Binary(bytes),
        };
        self.feed_message(message)
    }

    pub(crate) fn feed_ping(&mut self, payload: Bytes) -> Result<(), LinkEnd> {
        self.feed_message(Message::Ping(payload))
    }

    pub(crate) fn feed_close(&mut self, code: u16, reason: &'static str) -> Result<(), LinkEnd> {
        let reason = Utf8Bytes::from_static(reason);
        self.feed_message(Message::Close(Some(CloseFrame { code: CloseCode::from(code), reason })))
    }

    fn feed_message(&mut self, message: Message) -> Result<(), LinkEnd> {
        if !self.dirty {
            self.dirty = true;
            self.fed = 0;
            self.written_before = self.bytes_written();
        }
        self.fed += message.len() as u64;
        Pin::new(&mut self.socket).start_send(message).map_err(link_end)
    }

    /// How many bytes of frames may be fed before the socket must take some.
    pub(crate) fn room(&self) -> usize {
        let taken = self.bytes_written().saturating_sub(self.written_before);
        let waiting = if self.dirty { self.fed.saturating_sub(taken) } else { 0 };
        usize::try_from(self.coalescing.saturating_sub(waiting)).unwrap_or(usize::MAX)
    }

    /// Hands what was fed to the socket; ready once the socket has taken everything.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        if self.dirty {
            ready!(Pin::new(&mut self.socket).poll_flush(cx)).map_err(link_end)?;
            self.dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Says goodbye as far as that is possible without waiting.
    pub(crate) fn part(&mut self, cx: &mut Context<'_>, end: &LinkEnd) {
        let code = match end {
            LinkEnd::ClosedByPeer { .. } => None,
            LinkEnd::ProtocolViolation(_) => Some(PROTOCOL_ERROR),
            LinkEnd::NotUtf8 => Some(INVALID_DATA),
            LinkEnd::TooLarge { .. } => Some(MESSAGE_TOO_BIG),
            // No close handshake with a peer that is gone.
            LinkEnd::Lost(_) | LinkEnd::Silent { .. } | LinkEnd::TooSlow { .. } | LinkEnd::ClosedHere => {
                return;
            }
            LinkEnd::Stuck { .. } => Some(GOING_AWAY),
        };
        if let Some(code) = code {
            let _ = self.feed_close(code, "");
        }
        let _ = Pin::new(&mut self.socket).poll_flush(cx);
    }

    /// The next message. Also writes the pongs that answer the peer's pings.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, LinkEnd>> {
        let message = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(message) => message.map_err(link_end)?,
            None => return Poll::Ready(Err(LinkEnd::Lost(io::ErrorKind::UnexpectedEof.into()))),
        };
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            (self.read_before, self.control) = (self.bytes_read(), 0);
        } else {
            self.control += self.control_header + message.len() as u64;
        }
        Poll::Ready(Ok(match message {
            Message::Text(text) => Received::Frame(Frame::Text(text.as_str().to_owned())),
            Message::Binary(bytes) => Received::Frame(Frame::Binary(bytes)),
            // The reading side never hands out a raw frame; treating it as a ping ignores it.
            Message::Ping(_) | Message::Frame(_) => Received::Ping,
            Message::Pong(payload) => Received::Pong(payload),
            Message::Close(None) => Received::Closed { code: NO_STATUS, reason: String::new() },
            Message::Close(Some(close)) => {
                Received::Closed { code: close.code.into(), reason: close.reason.as_str().to_owned() }
            }
        }))
    }

    /// Whether fed frames wait for the socket.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// How many bytes of an incomplete message have come. Bytes that came together with the end of the previous message are not seen until more come.
    pub(crate) fn partial(&self) -> u64 {
        (self.bytes_read() - self.read_before).saturating_sub(self.control)
    }

    /// Bytes that came in so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.socket.get_ref().read
    }

    /// Bytes that the socket took so far.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.socket.get_ref().written
    }
}

/// Who is on the other side.
enum Peer {
    Client,
    Server,
}

fn coalescing(config: &SessionConfig) -> usize {
    config.write_coalescing.min(MAX_COALESCING)
}

fn limits(config: &SessionConfig) -> WebSocketConfig {
    let coalescing = coalescing(config);
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(coalescing)
        // The WebSocket crate panics unless this is larger than the one before.
        .max_write_buffer_size(coalescing.saturating_add(config.max_send_size).saturating_add(CONTROL_SLACK))
        .max_message_size(Some(config.max_message_size))
        .max_frame_size(Some(config.max_frame_size))
}

/// A WebSocket close frame without a status (RFC 6455, 7.1.5).
const NO_STATUS: u16 = 1005;

const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;
const MESSAGE_TOO_BIG: u16 = 1009;

/// The most that one read takes. The WebSocket crate clears that much memory before each read, which was not measurable with small
/// messages; 16 KiB made 64 KiB messages take nearly twice as long (docs/benchmarks.md).
const READ_BUFFER: usize = 128 << 10;

/// More than any socket takes at once.
const MAX_COALESCING: usize = 1 << 30;

/// A control frame from a server has no more than this before its payload.
const CONTROL_HEADER: u64 = 2;

/// A control frame from a client has this in addition.
const MASK: u64 = 4;

/// Room for pings, pongs and frame headers beyond the largest message.
const CONTROL_SLACK: usize = 64 << 10;
