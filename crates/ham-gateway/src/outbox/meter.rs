//! The writer's figures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::tables::Held;

/// The writer's figures.
#[derive(Debug, Default)]
pub struct Meter {
    records: AtomicU64,
    bytes: AtomicU64,
    commits: AtomicU64,
    commands: AtomicU64,
    /// Since when the writer has been waiting for the disk.
    busy: Mutex<Option<Instant>>,
}

impl Meter {
    /// How much the file holds.
    #[must_use]
    pub fn held(&self) -> Held {
        Held { records: self.records.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// How many transactions were committed, and how many changes they had.
    #[must_use]
    pub fn commits(&self) -> (u64, u64) {
        (self.commits.load(Ordering::Relaxed), self.commands.load(Ordering::Relaxed))
    }

    /// For how long the writer has been waiting for the disk; zero if it is not waiting.
    #[must_use]
    pub fn busy_for(&self) -> Duration {
        let since = *self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(super) fn busy(&self, since: Option<Instant>) {
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    pub(super) fn committed(&self, held: Held, commands: usize) {
        self.set(held);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands as u64, Ordering::Relaxed);
    }

    pub(super) fn set(&self, held: Held) {
        self.records.store(held.records, Ordering::Relaxed);
        self.bytes.store(held.bytes, Ordering::Relaxed);
    }
}
