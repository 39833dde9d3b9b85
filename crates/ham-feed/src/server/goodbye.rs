//! Why the server ends a connection.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

/// Why the server ends a connection, as a WebSocket's close frame says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Goodbye {
    /// The server restarts: come back (code 1012).
    Restarts,
    /// The client's admission was revoked (code 1008).
    Revoked,
    /// The server stops (code 1001).
    Stops,
}

impl Goodbye {
    /// The code and the reason of the close frame (RFC 6455, 7.4.1, and IANA's registry).
    #[must_use]
    pub fn close_frame(self) -> (u16, &'static str) {
        match self {
            Self::Restarts => (1012, "the server restarts"),
            Self::Revoked => (1008, "access was revoked"),
            Self::Stops => (1001, "the server stops"),
        }
    }
}

/// Tells one subscription that others close it. The first reason counts.
#[derive(Clone, Debug, Default)]
pub(super) struct CloseSignal {
    reason: Arc<OnceLock<Goodbye>>,
    token: CancellationToken,
}

impl CloseSignal {
    pub(super) fn close(&self, goodbye: Goodbye) {
        // It ends for the first reason given.
        let _ = self.reason.set(goodbye);
        self.token.cancel();
    }

    pub(super) async fn closed(&self) -> Goodbye {
        self.token.cancelled().await;
        self.reason.get().copied().unwrap_or(Goodbye::Stops)
    }
}
