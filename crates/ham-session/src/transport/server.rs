//! The server's part of the upgrade.

use std::io;

use http::StatusCode;
use http::header::HOST;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response, write_response};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::metered::Metered;
use super::{Peer, Transport, limits};
use crate::config::SessionConfig;
use crate::error::AcceptError;
use crate::gate::Gate;
use crate::network::Io;

impl Transport {
    /// Answers the WebSocket request at the start of the stream. The head is read here rather than by the WebSocket crate, which
    /// lacks our bound and an answer for requests that it does not like.
    pub(crate) async fn accept(
        mut io: Box<dyn Io>,
        gate: &Gate,
        config: &SessionConfig,
    ) -> Result<Self, AcceptError> {
        let (head, tail) = match read_head(&mut io, gate.max_head).await.map_err(AcceptError::Upgrade)? {
            Some(read) => read,
            None => {
                refuse(&mut io, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).await;
                return Err(AcceptError::HeadTooLarge { limit: gate.max_head });
            }
        };
        let answered = answer(&head, gate);
        match answered {
            Ok(response) => {
                io.write_all(&response).await.map_err(AcceptError::Upgrade)?;
                io.flush().await.map_err(AcceptError::Upgrade)?;
                Ok(Self::upgraded(io, tail, config).await)
            }
            Err(error) => {
                if let AcceptError::NoUpgrade { status } | AcceptError::Refused { status } = &error {
                    refuse(&mut io, *status).await;
                }
                Err(error)
            }
        }
    }

    /// Takes over a socket whose upgrade has been answered; `tail` was read after the request.
    pub(crate) async fn upgraded(io: Box<dyn Io>, tail: Vec<u8>, config: &SessionConfig) -> Self {
        let io = Metered::new(io);
        let socket = WebSocketStream::from_partially_read(io, tail, Role::Server, Some(limits(config))).await;
        Self::new(socket, Peer::Client, config)
    }
}

/// The bytes of the request, and what came after it; `None` if it does not end within `limit`.
async fn read_head(io: &mut Box<dyn Io>, limit: usize) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut head = Vec::new();
    loop {
        let mut chunk = [0; CHUNK];
        let read = io.read(&mut chunk).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // The end may have begun in what was read before. What was checked is not checked again, however small the pieces.
        let from = head.len().saturating_sub(END.len() - 1);
        head.extend_from_slice(&chunk[..read]);
        let end = head[from..].windows(END.len()).position(|window| window == END);
        match end.map(|at| from + at + END.len()) {
            Some(end) if end <= limit => {
                let tail = head.split_off(end);
                return Ok(Some((head, tail)));
            }
            None if head.len() <= limit => {}
            Some(_) | None => return Ok(None),
        }
    }
}

/// The answer to the request.
fn answer(head: &[u8], gate: &Gate) -> Result<Vec<u8>, AcceptError> {
    let no_upgrade = |error: WsError| AcceptError::NoUpgrade { status: status_of(&error) };
    let (_, request) = Request::try_parse(head)
        .map_err(no_upgrade)?
        .ok_or(AcceptError::NoUpgrade { status: StatusCode::BAD_REQUEST })?;
    let response = create_response(&request).map_err(no_upgrade)?;
    if !request.headers().contains_key(HOST) {
        return Err(AcceptError::NoUpgrade { status: StatusCode::BAD_REQUEST });
    }
    gate.admit(&request).map_err(|status| AcceptError::Refused { status })?;
    let mut bytes = Vec::new();
    write_response(&mut bytes, &response).map_err(no_upgrade)?;
    Ok(bytes)
}

fn status_of(error: &WsError) -> StatusCode {
    match error {
        WsError::Protocol(ProtocolError::WrongHttpMethod) => StatusCode::METHOD_NOT_ALLOWED,
        WsError::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader
            | ProtocolError::MissingSecWebSocketVersionHeader,
        ) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Answers with a status and no body, and waits until the peer has closed: closing with unread bytes would reset the connection, and
/// the answer could be lost with it. Bounded in bytes here, in time by the caller.
async fn refuse(io: &mut Box<dyn Io>, status: StatusCode) {
    let header = match status {
        StatusCode::UPGRADE_REQUIRED => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        StatusCode::UNAUTHORIZED => "WWW-Authenticate: Bearer\r\n",
        StatusCode::METHOD_NOT_ALLOWED => "Allow: GET\r\n",
        _ => "",
    };
    let answer = format!("HTTP/1.1 {status}\r\n{header}Connection: close\r\nContent-Length: 0\r\n\r\n");
    // A peer that is gone cannot be told.
    if io.write_all(answer.as_bytes()).await.is_err() || io.shutdown().await.is_err() {
        return;
    }
    let (mut chunk, mut left) = ([0; CHUNK], MAX_UNREAD);
    while let Ok(read @ 1..) = io.read(&mut chunk).await
        && left > 0
    {
        left = left.saturating_sub(read);
    }
}

#[cfg(test)]
mod tests;

const END: &[u8; 4] = b"\r\n\r\n";

/// A request nearly always fits into one read.
const CHUNK: usize = 2 << 10;

/// How much a refused peer may still be sending.
const MAX_UNREAD: usize = 1 << 20;
