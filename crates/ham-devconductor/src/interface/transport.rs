//! The WebSocket: handshakes, and messages in and out. The only file that names the WebSocket crate.
//!
//! Written here rather than taken from `holochain_websocket`, whose listener leaves Nagle's algorithm on: an answer after a signal
//! then waits 40 ms for the client's acknowledgement.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::incoming_limits::{IncomingLimits, Refusal};
use super::limited_stream::LimitedStream;
use super::origin::Origins;
use super::reading::Reading;
use super::turns::Turns;

/// A connection whose handshake is done. Little is read from a client that is not known.
pub(super) struct Socket {
    stream: Stream,
    reading: Reading,
    turns: Turns,
}

type Stream = WebSocketStream<LimitedStream<TcpStream>>;

/// What comes in on it.
pub(super) struct Frames {
    stream: SplitStream<Stream>,
    reading: Reading,
    turns: Turns,
}

/// Where what goes out is written.
pub(super) struct Sink(SplitSink<Stream, Message>);

/// What is written.
pub(super) enum Frame {
    Message(Vec<u8>),
    /// Asks the client for a sign of life.
    Ping,
}

/// The client accepts nothing more.
pub(super) struct Disconnected;

impl Socket {
    pub(super) fn split(self) -> (Frames, Sink) {
        let (sink, stream) = self.stream.split();
        (Frames { stream, reading: self.reading, turns: self.turns }, Sink(sink))
    }
}

impl Frames {
    /// What is known about the client, and why it was refused.
    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Whose turn it is to be answered.
    pub(super) fn turns(&self) -> &Turns {
        &self.turns
    }

    /// The next message; `None` when the client is gone.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let _reads = self.reading.begin();
        loop {
            match self.stream.next().await? {
                Ok(Message::Binary(frame)) => return Some(frame),
                Ok(Message::Text(text)) => return Some(text.into()),
                Ok(Message::Close(_)) => return None,
                // Pings are answered by the socket itself.
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "a connection ended");
                    return None;
                }
            }
        }
    }
}

impl Sink {
    /// Accepts a frame, to be written with the next flush.
    pub(super) async fn feed(&mut self, frame: Frame) -> Result<(), Disconnected> {
        let message = match frame {
            Frame::Message(message) => Message::Binary(message.into()),
            Frame::Ping => Message::Ping(Bytes::new()),
        };
        self.0.feed(message).await.map_err(|_| Disconnected)
    }

    pub(super) async fn flush(&mut self) -> Result<(), Disconnected> {
        self.0.flush().await.map_err(|_| Disconnected)
    }

    /// Says that the connection ends, and why if the client met a bound.
    pub(super) async fn close(&mut self, refusal: Option<Refusal>) -> Result<(), Disconnected> {
        let Some(refusal) = refusal else { return self.0.close().await.map_err(|_| Disconnected) };
        let code = match refusal {
            Refusal::Room { .. } => CloseCode::Again,
            Refusal::Time { .. } => CloseCode::Policy,
        };
        let reason = refusal.to_string().into();
        self.0.send(Message::Close(Some(CloseFrame { code, reason }))).await.map_err(|_| Disconnected)
    }
}

/// The handshake of a client from an allowed origin; `None` for any other, and for a client that is too slow.
pub(super) async fn handshake(
    stream: TcpStream,
    reading: Reading,
    origins: &Origins,
    limits: &IncomingLimits,
) -> Option<Socket> {
    #[expect(clippy::result_large_err, reason = "the crate's own signature")]
    let check = |request: &Request, response: Response| {
        let mut origins_named = request.headers().get_all("Origin").iter();
        let origin = origins_named.next().and_then(|origin| origin.to_str().ok());
        match origin {
            _ if origins_named.next().is_some() => Err(refused("more than one `Origin` header")),
            Some(origin) if origins.admit(origin) => Ok(response),
            Some(_) => Err(refused("this `Origin` is not allowed")),
            None => Err(refused("Missing `Origin` header")),
        }
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_FRAME))
        .read_buffer_size(READ_BUFFER);
    let limited = LimitedStream::new(stream, reading.clone());
    let handshake = accept_hdr_async_with_config(limited, check, Some(config));
    match tokio::time::timeout(HANDSHAKE_PATIENCE, handshake).await {
        Ok(Ok(mut stream)) => {
            stream.get_mut().expect_frames(limits.clone());
            Some(Socket { stream, reading, turns: limits.turns() })
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "a client could not connect");
            None
        }
        Err(_) => {
            tracing::warn!("a client did not shake hands");
            None
        }
    }
}

fn refused(text: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(text.to_owned()));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);

/// Bytes, as in `holochain` 0.7.1.
const MAX_MESSAGE: usize = 64 << 20;
const MAX_FRAME: usize = 16 << 20;

/// How many bytes a connection holds before anything has come.
const READ_BUFFER: usize = 16 << 10;
