//! The open file, which readers and the writer share, or why there is none.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use redb::{Database, ReadTransaction, ReadableDatabase as _};
use tokio::sync::Notify;

use super::error::StoreError;

/// The open file, which readers and the writer share, or why there is none.
#[derive(Debug)]
pub(super) struct Disk {
    state: RwLock<State>,
    /// Notified when the file is given up.
    away: Notify,
}

#[derive(Debug)]
struct State {
    /// `None` while it is being opened again.
    open: Option<Database>,
    /// From an error until something is written again: a file on a full disk can be opened, but not written.
    why: Option<Arc<StoreError>>,
}

impl Disk {
    pub(super) fn new(database: Database) -> Self {
        let state = State { open: Some(database), why: None };
        Self { state: RwLock::new(state), away: Notify::new() }
    }

    fn look(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it need not be opened again.
    pub(super) fn is_open(&self) -> bool {
        self.look().open.is_some()
    }

    /// Why the file cannot be used, until something is written to it again.
    pub(super) fn away(&self) -> Option<StoreError> {
        self.look().why.clone().map(StoreError::Away)
    }

    /// Resolves once the file cannot be used; waiters are woken in the order in which they came.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn goes_away(&self) {
        loop {
            // Registered before the state is checked, so that no notification is missed in between.
            let gone = self.away.notified();
            if self.away().is_some() {
                return;
            }
            gone.await;
        }
    }

    /// Reads one state of the file.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|database| read(&database.begin_read()?))
    }

    /// Uses the file, which is not closed meanwhile.
    pub(super) fn with<T>(
        &self,
        what: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let state = self.look();
        match (&state.open, &state.why) {
            (Some(database), _) => what(database),
            (None, Some(why)) => Err(StoreError::Away(Arc::clone(why))),
            (None, None) => Err(StoreError::Closed),
        }
    }

    /// Closes the file, so that another handle can open it. Waits for its readers.
    pub(super) fn give_up(&self, why: StoreError) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let closed = state.open.take();
        state.why = Some(Arc::new(why));
        drop(state);
        drop(closed);
        self.away.notify_waiters();
    }

    /// It is open again, and can be read.
    pub(super) fn put(&self, database: Database) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).open = Some(database);
    }

    /// It can be used again.
    pub(super) fn is_written(&self) {
        if self.away().is_some() {
            self.state.write().unwrap_or_else(PoisonError::into_inner).why = None;
        }
    }
}
