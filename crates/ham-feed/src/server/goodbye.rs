//! Why the server ends a connection.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

/// Why the server ends a connection, in the words of a WebSocket's close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Goodbye {
    /// The server is started anew: come back (code 1012).
    Restarts,
    /// Whoever was let in is let in no more (code 1008).
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
            Self::Revoked => (1008, "access was taken back"),
            Self::Stops => (1001, "the server stops"),
        }
    }
}

/// The end of one subscription, which others bring about. The first word counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    said: Arc<OnceLock<Goodbye>>,
    token: CancellationToken,
}

impl Ending {
    pub(super) fn say(&self, goodbye: Goodbye) {
        // It ends for the reason that was first.
        let _ = self.said.set(goodbye);
        self.token.cancel();
    }

    pub(super) async fn said(&self) -> Goodbye {
        self.token.cancelled().await;
        self.said.get().copied().unwrap_or(Goodbye::Stops)
    }
}
