//! What a connection's stream and the reader of its messages tell each other.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ham_web::Standing;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::incoming_limits::Refusal;

/// A copy belongs to the same connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    standing: Standing,
    refusal: OnceLock<Refusal>,
    ended: CancellationToken,
    pauses: Mutex<Pauses>,
}

/// The times in which nobody read: the client is then not the slow one.
#[derive(Debug, Default)]
struct Pauses {
    since: Option<Instant>,
    sum: Duration,
}

/// Someone reads until this is dropped.
pub(super) struct Reads<'a>(&'a Reading);

impl Drop for Reads<'_> {
    fn drop(&mut self) {
        self.0.pauses().since = Some(Instant::now());
    }
}

impl Reading {
    /// For the connection of this client.
    pub(super) fn of(standing: Standing) -> Self {
        Self(Arc::new(Shared { standing, ..Shared::default() }))
    }

    /// The client is known: messages may now have the full size. Not for a client that is just making room for another.
    pub(super) fn make_known(&self) {
        self.0.standing.make_known();
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.standing.is_known()
    }

    /// Nothing more is read, for this reason.
    pub(super) fn refuse(&self, refusal: Refusal) {
        tracing::warn!("a connection is closed: {refusal}");
        let _ = self.0.refusal.set(refusal);
        self.0.ended.cancel();
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.0.refusal.get().copied()
    }

    /// Cancelled when nothing more is read.
    pub(super) fn ended(&self) -> &CancellationToken {
        &self.0.ended
    }

    /// Reads, after a pause or the first time.
    pub(super) fn begin(&self) -> Reads<'_> {
        let mut pauses = self.pauses();
        if let Some(since) = pauses.since.take() {
            pauses.sum += since.elapsed();
        }
        drop(pauses);
        Reads(self)
    }

    /// How long nobody has read, in all.
    pub(super) fn paused(&self) -> Duration {
        self.pauses().sum
    }

    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.0.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
