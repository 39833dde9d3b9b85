//! Translates the WebSocket crate's errors into this crate's.

use std::io;
use std::time::Duration;

use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::http;

use crate::error::{DialError, HandshakeError, LinkEnd};

pub(super) fn link_end(error: WsError) -> LinkEnd {
    match error {
        WsError::Io(error) => LinkEnd::Lost(error),
        WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            LinkEnd::TooLarge { size, limit: max_size }
        }
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | WsError::ConnectionClosed
        | WsError::AlreadyClosed => LinkEnd::Lost(io::ErrorKind::UnexpectedEof.into()),
        WsError::Protocol(error) => LinkEnd::ProtocolViolation(error.to_string()),
        WsError::Utf8(_) => LinkEnd::NotUtf8,
        error => LinkEnd::Lost(io::Error::other(error.to_string())),
    }
}

pub(super) fn handshake_error(end: LinkEnd) -> HandshakeError {
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
        LinkEnd::NotUtf8
        | LinkEnd::TooLarge { .. }
        | LinkEnd::Silent { .. }
        | LinkEnd::TooSlow { .. }
        | LinkEnd::Stuck { .. }
        | LinkEnd::ClosedHere => HandshakeError::Violation(end.to_string()),
    }
}

pub(super) fn dial_error(error: WsError) -> DialError {
    match error {
        WsError::Http(response) => {
            let retry_after = response.headers().get(http::header::RETRY_AFTER);
            let seconds = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
            DialError::Refused { status: response.status(), retry_after }
        }
        WsError::Io(error) => DialError::Upgrade(error),
        // A server that has reached its limit of connections hangs up like that.
        WsError::Protocol(ProtocolError::HandshakeIncomplete) => {
            let text = "the server hung up before it answered";
            DialError::Upgrade(io::Error::new(io::ErrorKind::UnexpectedEof, text))
        }
        error @ (WsError::Url(_) | WsError::HttpFormat(_)) => {
            DialError::InvalidUrl { reason: without_url(&error) }
        }
        error => DialError::Upgrade(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
    }
}

/// A URL can hold a token, so the crate's text, which can quote it, is not used.
pub(super) fn without_url(error: &WsError) -> String {
    match error {
        WsError::HttpFormat(_) => "it does not make an HTTP request".to_owned(),
        _ => "it is not a WebSocket URL".to_owned(),
    }
}

/// The most that a server may ask for: a day-long `Retry-After` is a mistake more often than a plan.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);
