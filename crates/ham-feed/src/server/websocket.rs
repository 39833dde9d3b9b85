//! The WebSocket of a connection, below HTTP. No other file of this crate names the WebSocket crate.

use std::io;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite_030::WebSocketStream;
use tokio_tungstenite_030::tungstenite::Message;
use tokio_tungstenite_030::tungstenite::error::ProtocolError;
use tokio_tungstenite_030::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite_030::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

pub(super) use tokio_tungstenite_030::tungstenite::{Error, Utf8Bytes};

/// The WebSocket of one connection.
pub(super) struct Socket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
}

/// What came in.
pub(super) enum Inbound {
    Text(Utf8Bytes),
    Binary,
    /// A ping, whose pong is sent automatically, or a pong.
    Control,
    /// The client's close frame; it is answered by reading on.
    Close,
    /// The client broke the protocol, in the way that this close code names.
    Violation(u16),
    /// The client is gone.
    Gone,
}

/// A future WebSocket: the answer to the request, and what becomes the stream once that answer is written.
pub(super) fn accept(request: &mut Request) -> Result<(Response, OnUpgrade), StatusCode> {
    let response = create_response_with_body(request, Body::empty).map_err(|error| match error {
        Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST,
    })?;
    // Missing if the server cannot upgrade, for instance over HTTP/2.
    let upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or(StatusCode::UPGRADE_REQUIRED)?;
    Ok((response, upgrade))
}

impl Socket {
    /// The WebSocket on an upgraded stream; `limit` bounds what the client may send in one message, in bytes.
    pub(super) async fn open(upgrade: OnUpgrade, limit: usize) -> io::Result<Self> {
        let io = TokioIo::new(upgrade.await.map_err(io::Error::other)?);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        Ok(Self { stream: WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await })
    }

    /// The next message. Cancel-safe.
    pub(super) async fn recv(&mut self) -> Inbound {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Inbound::Text(text),
            Some(Ok(Message::Binary(_))) => Inbound::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Inbound::Control,
            Some(Ok(Message::Close(_))) => Inbound::Close,
            Some(Err(error)) => violation(&error).map_or(Inbound::Gone, Inbound::Violation),
            None => Inbound::Gone,
        }
    }

    /// Buffers a message, and writes if many wait.
    pub(super) async fn feed(&mut self, text: Utf8Bytes) -> Result<(), Error> {
        self.stream.feed(Message::Text(text)).await
    }

    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        self.stream.flush().await
    }

    pub(super) async fn ping(&mut self) -> Result<(), Error> {
        self.stream.send(Message::Ping(Vec::new().into())).await
    }

    /// Reads on, ignoring everything, until the close handshake is over: that also answers what the client sent last.
    pub(super) async fn finish(mut self) {
        while let Some(Ok(_)) = self.stream.next().await {}
    }

    /// Closes it with a code, and waits until the client has left.
    pub(super) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
        if self.stream.send(Message::Close(Some(frame))).await.is_ok() {
            self.finish().await;
        }
    }

    /// Closes it after a violation. What follows can no longer be read as frames, but must be read: closing with unread bytes would
    /// reset the connection, and the close frame could be lost with it.
    pub(super) async fn abort(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static("") };
        if self.stream.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        let io = self.stream.get_mut();
        if io.shutdown().await.is_ok() {
            // It no longer matters whether it ended well.
            let _ = tokio::io::copy(&mut io.take(MAX_UNREAD), &mut tokio::io::sink()).await;
        }
    }
}

/// The close code that names what the client did; `None` if the connection is gone.
fn violation(error: &Error) -> Option<u16> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(PROTOCOL_ERROR),
        Error::Utf8(_) => Some(INVALID_DATA),
        Error::Capacity(_) => Some(MESSAGE_TOO_BIG),
        _ => None,
    }
}

/// A close code (RFC 6455, 7.4.1).
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;
const MESSAGE_TOO_BIG: u16 = 1009;

/// Bytes read at a time. Requests are short, each connection has a buffer of its own, and the buffer is cleared before each attempt to read.
const READ_BUFFER: usize = 512;

/// What a client that broke the protocol may still be sending, in bytes.
const MAX_UNREAD: u64 = 1 << 20;
