//! What all connections of a server share.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::config::FeedServerConfig;
use super::config_error::ServerConfigError;
use super::goodbye::Goodbye;
use super::history::History;
use super::registry::Registry;
use super::table::Table;

/// What all connections of a server share. No lock is held across an await, and no two locks at a time.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) config: FeedServerConfig,
    places: Arc<Semaphore>,
    /// How many places there are.
    capacity: u32,
    table: Mutex<Table>,
    registry: Mutex<Registry>,
    /// What all subscribers together have missed.
    pub(super) missed: Arc<AtomicU64>,
}

impl Hub {
    pub(super) fn new(config: FeedServerConfig) -> Result<Self, ServerConfigError> {
        config.check()?;
        // As many as can be awaited at once, which closing does.
        let capacity = config.max_connections.get().min(Semaphore::MAX_PERMITS);
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
        let places = Arc::new(Semaphore::new(usize::try_from(capacity).unwrap_or(Semaphore::MAX_PERMITS)));
        let table = Mutex::new(Table::new(History::new(config.history, config.history_bytes)));
        Ok(Self { config, places, capacity, table, registry: Mutex::default(), missed: Arc::default() })
    }

    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    pub(super) fn connections(&self) -> usize {
        usize::try_from(self.capacity).unwrap_or(usize::MAX).saturating_sub(self.places.available_permits())
    }

    /// Admits nobody any more, and resolves when all are gone.
    pub(super) async fn shutdown(&self, goodbye: Goodbye) {
        self.registry().close(goodbye);
        // An error would mean a closed semaphore, and nobody closes it.
        let _ = self.places.acquire_many(self.capacity).await;
    }

    /// The time, in seconds since the Unix epoch.
    pub(super) fn now(&self) -> u64 {
        self.config.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
