//! The WebSocket itself. The only file that names the WebSocket crate, so that it can be exchanged.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes, http};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::config::SessionConfig;
use crate::error::{DialError, HandshakeError, LinkEnd};
use crate::network::Io;
use crate::protocol::Frame;
use crate::target::Target;

/// One upgraded WebSocket, not split: one task reads and writes it, so there is no lock and reading goes on while a
/// write is blocked.
pub(crate) struct Transport {
    socket: WebSocketStream<Metered>,
    /// Frames were fed that the socket has not taken in full.
    dirty: bool,
    /// Bytes fed since the socket had taken everything, and where its count stood then.
    fed: u64,
    written_before: u64,
    coalescing: u64,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Received {
    Frame(Frame),
    /// A ping; its pong is sent by itself.
    Ping,
    Pong(Bytes),
    Closed {
        code: u16,
        reason: String,
    },
}

impl Transport {
    /// Asks the server for a WebSocket.
    pub(crate) async fn upgrade(
        io: Box<dyn Io>,
        target: &Target,
        config: &SessionConfig,
    ) -> Result<Self, DialError> {
        let request = upgrade_request(target)?;
        let io = Metered { io, read: 0, written: 0 };
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(config.write_coalescing)
            .max_write_buffer_size(
                config.write_coalescing.saturating_add(config.max_send_size).saturating_add(CONTROL_SLACK),
            )
            .max_message_size(Some(config.max_message_size))
            .max_frame_size(Some(config.max_frame_size));
        let (socket, _response) =
            client_async_with_config(request, io, Some(limits)).await.map_err(dial_error)?;
        let coalescing = config.write_coalescing as u64;
        Ok(Self { socket, dirty: false, fed: 0, written_before: 0, coalescing })
    }

    /// Buffers a frame. It can write, but never waits.
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

    /// How many bytes of frames may be fed before the socket has to take some.
    pub(crate) fn room(&self) -> usize {
        let taken = self.bytes_written().saturating_sub(self.written_before);
        let waiting = if self.dirty { self.fed.saturating_sub(taken) } else { 0 };
        usize::try_from(self.coalescing.saturating_sub(waiting)).unwrap_or(usize::MAX)
    }

    /// Hands what was fed to the socket; ready when it took everything.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        if self.dirty {
            ready!(Pin::new(&mut self.socket).poll_flush(cx)).map_err(link_end)?;
            self.dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Says good-bye as far as it can be done without waiting.
    pub(crate) fn part(&mut self, cx: &mut Context<'_>, end: &LinkEnd) {
        let code = match end {
            LinkEnd::ClosedByPeer { .. } => None,
            LinkEnd::ProtocolViolation(_) => Some(PROTOCOL_ERROR),
            LinkEnd::TooLarge { .. } => Some(MESSAGE_TOO_BIG),
            // No close handshake with a peer that is gone.
            LinkEnd::Lost(_) | LinkEnd::Silent { .. } | LinkEnd::ClosedHere => return,
        };
        if let Some(code) = code {
            let _ = self.feed_close(code, "");
        }
        let _ = Pin::new(&mut self.socket).poll_flush(cx);
    }

    /// The next message. Also writes the pongs that the peer's pings ask for.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, LinkEnd>> {
        let message = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(message) => message.map_err(link_end)?,
            None => return Poll::Ready(Err(LinkEnd::Lost(io::ErrorKind::UnexpectedEof.into()))),
        };
        Poll::Ready(Ok(match message {
            Message::Text(text) => Received::Frame(Frame::Text(text.as_str().to_owned())),
            Message::Binary(bytes) => Received::Frame(Frame::Binary(bytes)),
            // A raw frame is never handed out by the reading side; taking it for a ping ignores it.
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

    /// Bytes that came in so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.socket.get_ref().read
    }

    /// Bytes that the socket took so far.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.socket.get_ref().written
    }
}

/// The socket during a protocol's handshake.
pub struct HandshakeIo<'a> {
    transport: &'a mut Transport,
}

impl<'a> HandshakeIo<'a> {
    pub(crate) fn new(transport: &'a mut Transport) -> Self {
        Self { transport }
    }

    /// Sends a frame; resolves when the socket took it.
    ///
    /// # Errors
    /// [`HandshakeError::Io`] or [`HandshakeError::Closed`] when the connection ended.
    ///
    /// # Cancel safety
    /// A part of the frame can have been sent; the dial cannot go on then.
    pub async fn send(&mut self, frame: Frame) -> Result<(), HandshakeError> {
        self.transport.feed(frame).map_err(handshake_error)?;
        std::future::poll_fn(|cx| self.transport.poll_flush(cx)).await.map_err(handshake_error)
    }

    /// The next data frame. Pings are answered, pongs skipped.
    ///
    /// # Errors
    /// [`HandshakeError::Closed`] when the peer closed, [`HandshakeError::Violation`] for a frame that is too large or
    /// malformed, [`HandshakeError::Io`] when the connection broke.
    ///
    /// # Cancel safety
    /// Cancel-safe: no frame is lost.
    pub async fn recv(&mut self) -> Result<Frame, HandshakeError> {
        loop {
            let received = std::future::poll_fn(|cx| self.transport.poll_receive(cx)).await;
            match received.map_err(handshake_error)? {
                Received::Frame(frame) => return Ok(frame),
                Received::Ping | Received::Pong(_) => {}
                Received::Closed { code, reason } => {
                    return Err(handshake_error(LinkEnd::ClosedByPeer { code, reason }));
                }
            }
        }
    }
}

impl std::fmt::Debug for HandshakeIo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandshakeIo").finish_non_exhaustive()
    }
}

/// Counts the bytes of the stream below the WebSocket, so that a message that is still on its way is seen.
struct Metered {
    io: Box<dyn Io>,
    read: u64,
    written: u64,
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        self.read += (buf.filled().len() - before) as u64;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, buf))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

fn upgrade_request(target: &Target) -> Result<http::Request<()>, DialError> {
    let invalid = |error: WsError| DialError::InvalidUrl { reason: without_url(&error) };
    let mut request = target.url.as_str().into_client_request().map_err(invalid)?;
    let headers = request.headers_mut();
    for (name, value) in &target.headers {
        if !OURS.contains(&name.as_str()) {
            headers.append(name.clone(), value.clone());
        }
    }
    Ok(request)
}

/// The headers the upgrade sets itself.
const OURS: [&str; 5] = ["host", "connection", "upgrade", "sec-websocket-key", "sec-websocket-version"];

/// A WebSocket close frame without a status (RFC 6455, 7.1.5).
const NO_STATUS: u16 = 1005;

const PROTOCOL_ERROR: u16 = 1002;
const MESSAGE_TOO_BIG: u16 = 1009;

/// One read takes this much at most. The WebSocket crate clears that much memory before each read, which was not
/// measurable with small messages; 16 KiB made 64 KiB messages take nearly twice as long (docs/benchmarks.md).
const READ_BUFFER: usize = 128 << 10;

/// Room for pings, pongs and frame headers beyond the largest message.
const CONTROL_SLACK: usize = 64 << 10;

fn link_end(error: WsError) -> LinkEnd {
    match error {
        WsError::Io(error) => LinkEnd::Lost(error),
        WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            LinkEnd::TooLarge { size, limit: max_size }
        }
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | WsError::ConnectionClosed
        | WsError::AlreadyClosed => LinkEnd::Lost(io::ErrorKind::UnexpectedEof.into()),
        WsError::Protocol(error) => LinkEnd::ProtocolViolation(error.to_string()),
        WsError::Utf8(_) => LinkEnd::ProtocolViolation("a text message is not UTF-8".to_owned()),
        error => LinkEnd::Lost(io::Error::other(error.to_string())),
    }
}

fn handshake_error(end: LinkEnd) -> HandshakeError {
    match end {
        LinkEnd::ClosedByPeer { code, reason } => HandshakeError::Closed(format!("code {code} {reason:?}")),
        // A peer that closes while we still write shows up as a reset or a broken pipe, depending on the moment.
        LinkEnd::Lost(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => HandshakeError::Closed("the connection ended".to_owned()),
            _ => HandshakeError::Io(error),
        },
        LinkEnd::ProtocolViolation(reason) => HandshakeError::Violation(reason),
        LinkEnd::TooLarge { .. } | LinkEnd::Silent { .. } | LinkEnd::ClosedHere => {
            HandshakeError::Violation(end.to_string())
        }
    }
}

fn dial_error(error: WsError) -> DialError {
    match error {
        WsError::Http(response) => {
            let retry_after = response.headers().get(http::header::RETRY_AFTER);
            let seconds = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
            DialError::Refused { status: response.status(), retry_after }
        }
        WsError::Io(error) => DialError::Upgrade(error),
        error @ (WsError::Url(_) | WsError::HttpFormat(_)) => {
            DialError::InvalidUrl { reason: without_url(&error) }
        }
        error => DialError::Upgrade(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
    }
}

/// A URL can hold a token, so the crate's text, which can quote it, is not used.
fn without_url(error: &WsError) -> String {
    match error {
        WsError::HttpFormat(_) => "it does not make an HTTP request".to_owned(),
        _ => "it is not a WebSocket URL".to_owned(),
    }
}

/// What a server may ask for at most: a day-long `Retry-After` is a mistake more often than a plan.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);
