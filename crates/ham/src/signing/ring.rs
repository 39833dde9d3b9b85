//! The keys of one app of one conductor, which the connections of a process share.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use holochain_zome_types::cell::CellId;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::credential::StoredCredential;
use super::credentials::Credentials;

/// The keys for one app of one conductor.
#[derive(Default)]
pub(super) struct KeyRing {
    /// Cells whose grant is known to be on the chain.
    ready: RwLock<HashMap<CellId, Arc<Credentials>>>,
    keys: Mutex<Keys>,
    /// One per cell: held while the cell's grant is looked for or written, so that it gets only one.
    cell_locks: Mutex<BTreeMap<String, AsyncLock>>,
    /// Held while a grant is written: a conductor answers concurrent administrative writes with "database is locked".
    grant_lock: AsyncLock,
    granted: AtomicU32,
}

type AsyncLock = Arc<tokio::sync::Mutex<()>>;

impl KeyRing {
    /// Waits until nobody else looks for the grant of this cell.
    pub(super) async fn lock_cell(&self, cell: &str) -> OwnedMutexGuard<()> {
        let lock = self
            .cell_locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(cell.to_owned())
            .or_default()
            .clone();
        lock.lock_owned().await
    }

    /// Waits until nobody else writes a grant.
    pub(super) async fn lock_grants(&self) -> OwnedMutexGuard<()> {
        self.grant_lock.clone().lock_owned().await
    }

    /// The keys; the lock is never held across a wait.
    pub(super) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ready(&self, cell: &CellId) -> Option<Arc<Credentials>> {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).get(cell).cloned()
    }

    pub(super) fn set_ready(&self, cell: &CellId, credentials: Arc<Credentials>) {
        self.ready.write().unwrap_or_else(PoisonError::into_inner).insert(cell.clone(), credentials);
    }

    pub(super) fn doubt(&self, cell: &CellId) {
        self.ready.write().unwrap_or_else(PoisonError::into_inner).remove(cell);
    }

    /// Notes a new grant, ours or another process's.
    pub(super) fn note_grant(&self) {
        self.granted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn granted(&self) -> u32 {
        self.granted.load(Ordering::Relaxed)
    }
}

/// Keys whose grant may or may not be on the chain, and what their grants cost.
#[derive(Default)]
pub(super) struct Keys {
    by_cell: BTreeMap<String, StoredCredential>,
    /// Grants that this process wrote.
    written: u32,
    /// Cells for which this process requested a grant whose fate is not known yet: at what time of day, and when.
    open: BTreeMap<String, (Option<u64>, Instant)>,
    /// Cells for which another process did: at what time of its day, and when this process first saw that.
    seen: BTreeMap<String, (u64, Instant)>,
}

/// When, at the latest, a grant was requested.
pub(super) struct Asked {
    /// Whether this process requested it.
    pub(super) ours: bool,
    pub(super) at: Instant,
}

impl Keys {
    pub(super) fn find(&self, cell: &str) -> Option<StoredCredential> {
        self.by_cell.get(cell).cloned()
    }

    pub(super) fn remember(&mut self, credential: &StoredCredential) {
        self.by_cell.insert(credential.cell.clone(), credential.clone());
    }

    /// The grants that were written or may be.
    pub(super) fn spent(&self) -> u32 {
        self.written.saturating_add(u32::try_from(self.open.len()).unwrap_or(u32::MAX))
    }

    /// Notes that the grant of this key is requested.
    pub(super) fn ask(&mut self, credential: &StoredCredential) {
        self.remember(credential);
        self.open.insert(credential.cell.clone(), (credential.asked, Instant::now()));
    }

    /// When, at the latest, the grant was requested whose request is noted with this time of day, in microseconds since 1970.
    pub(super) fn asked(&mut self, cell: &str, at: u64) -> Asked {
        if let Some((_, since)) = self.open.get(cell).filter(|(asked, _)| *asked == Some(at)) {
            return Asked { ours: true, at: *since };
        }
        let seen = self.seen.entry(cell.to_owned()).or_insert_with(|| (at, Instant::now()));
        if seen.0 != at {
            *seen = (at, Instant::now());
        }
        Asked { ours: false, at: seen.1 }
    }

    /// Notes that the grant is not there and will not be: the request, if there was one, wrote nothing.
    pub(super) fn wrote_nothing(&mut self, cell: &str) {
        self.open.remove(cell);
        self.seen.remove(cell);
    }

    /// Notes that the grant is there; returns whether this process wrote it.
    pub(super) fn is_there(&mut self, cell: &str) -> bool {
        let ours = self.open.remove(cell).is_some();
        self.seen.remove(cell);
        self.written = self.written.saturating_add(u32::from(ours));
        ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    /// Case: a grant request that was answered with "database is locked" used up a budget of one.
    #[test]
    fn what_wrote_nothing_costs_nothing() {
        let mut keys = Keys::default();
        let key = |cell| StoredCredential::new("app", cell, &SystemEntropy).unwrap();
        keys.ask(&key("a"));
        keys.ask(&key("a"));
        assert_eq!(keys.spent(), 1, "its fate is unknown");
        keys.wrote_nothing("a");
        assert_eq!(keys.spent(), 0);
        assert!(!keys.is_there("a"), "another process wrote it");
        assert_eq!(keys.spent(), 0);
        keys.ask(&key("b"));
        assert!(keys.is_there("b") && !keys.is_there("b"));
        keys.wrote_nothing("b");
        assert_eq!(keys.spent(), 1);
    }
}
