//! What a command prints once a signal ends it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// A signal that ends the command, as the command sees it.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    note: OnceLock<&'static str>,
    came: CancellationToken,
    is_heard: AtomicBool,
}

impl Interruption {
    /// What to print if a signal drops the command from now on.
    pub(crate) fn note(&self, note: &'static str) {
        // The first note stays: a command has only one.
        let _ = self.note.set(note);
    }

    /// From now on the first signal does not drop the command: it cancels this, and the command soon reports its
    /// results so far. A second signal drops it all the same.
    pub(crate) fn hear(&self) -> &CancellationToken {
        self.is_heard.store(true, Ordering::Relaxed);
        &self.came
    }

    /// Notifies the command. `false` if it does not listen.
    pub(crate) fn tell(&self) -> bool {
        let is_heard = self.is_heard.load(Ordering::Relaxed);
        if is_heard {
            self.came.cancel();
        }
        is_heard
    }

    /// Resolves once a signal came to a command that listens for it.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn came(&self) {
        self.came.cancelled().await;
    }

    /// What to print about a command that is dropped.
    pub(crate) fn noted(&self) -> Option<&'static str> {
        self.note.get().copied()
    }
}
