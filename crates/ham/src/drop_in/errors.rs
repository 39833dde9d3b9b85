//! The classifiers for reconnect loops, over any `anyhow::Error`.
//!
//! Ham's own errors are asked what they are; the text of any other error is searched for the words that `holochain_client`,
//! tungstenite and the operating system use.

use ham_session::Recovery;

use super::policy::SigningRefused;
use crate::error::{CallError, ConnectError};

/// What an error of ham's own in the chain advises.
fn advice(error: &anyhow::Error) -> Option<Recovery> {
    let call = error.downcast_ref::<CallError>().map(CallError::recovery);
    call.or_else(|| error.downcast_ref::<ConnectError>().map(ConnectError::recovery))
}

/// Words of a lost connection, in lower case. Never a bare `websocket error`: a request's time-out says that too.
const CONNECTION: &[&str] = &[
    "websocket closed",
    "no connection",
    "broken pipe",
    "connection reset",
    "connection refused",
    "connectionrefused",
    "io error",
    "sending after closing",
    "trying to work with closed connection",
    "connection closed",
    "connectionclosed",
    "resetwithoutclosinghandshake",
    "responderdropped",
];

/// Whether the connection is gone, so that a new one has to be made.
///
/// For ham's own errors: exactly those whose [`recovery`](CallError::recovery) is [`Recovery::Reconnect`].
pub fn is_connection_error(error: &anyhow::Error) -> bool {
    match advice(error) {
        Some(recovery) => recovery == Recovery::Reconnect,
        None => {
            let text = format!("{error:#}").to_lowercase();
            CONNECTION.iter().any(|words| text.contains(words))
        }
    }
}

/// Whether one request got no answer in time while the connection is fine: cool down and keep the connection.
pub fn is_request_timeout(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<CallError>().map(CallError::inner) {
        Some(error) => matches!(error, CallError::TimedOut { .. }),
        None => format!("{error:#}").contains("Websocket error: Timeout"),
    }
}

/// Whether the conductor's source chain is under pressure. The write may or may not have happened: cool down.
pub fn is_source_chain_pressure(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    text.contains("deadline has elapsed") || text.contains("Source chain error")
}

/// Whether the signing policy refused to connect. No retry helps.
pub fn is_signing_refusal(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<SigningRefused>())
}

#[cfg(test)]
mod tests;
