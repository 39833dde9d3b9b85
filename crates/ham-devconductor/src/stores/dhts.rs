//! The databases of DNAs: one for each, shared by its cells.

mod saved;

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use holo_hash::DnaHash;
use holochain_state::DhtStore;
use holochain_state::data::{DatabaseIdentifier as _, DbWrite, Dht, HolochainDataConfig};
use holochain_types::prelude::CellId;
use tokio::sync::RwLock;

pub(crate) use saved::{SaveError, SavedDhts};

use super::database::open;
use super::schedules::Schedules;
use crate::error::LoadError;

pub(crate) struct Dhts {
    databases: PathBuf,
    settings: HolochainDataConfig,
    /// Each is opened once; several at a time, because opening takes ten milliseconds.
    places: Mutex<HashMap<DnaHash, Place>>,
}

/// Where a database is while it is open. Held exclusively while it is opened, or closed and removed: nobody waits for another DNA's.
type Place = Arc<RwLock<Option<DbWrite<Dht>>>>;

impl Dhts {
    pub(super) fn new(databases: PathBuf, settings: HolochainDataConfig) -> Self {
        Self { databases, settings, places: Mutex::default() }
    }

    /// The store of a DNA, opened on first use; `None` if it is neither open nor wanted.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) async fn open(
        &self,
        dna: &DnaHash,
        is_wanted: impl Fn() -> bool,
    ) -> Result<Option<DhtStore>, LoadError> {
        let known = self.places().get(dna).cloned();
        let place = match known {
            Some(place) => place,
            // No place is made for whatever happens to be asked about.
            None if !is_wanted() => return Ok(None),
            None => Arc::clone(self.places().entry(dna.clone()).or_default()),
        };
        if let Some(database) = &*place.read().await {
            return Ok(Some(DhtStore::new(database.clone())));
        }
        let mut database = place.write().await;
        if database.is_none() {
            if !is_wanted() {
                return Ok(None);
            }
            let opened = open(&self.databases, identifier(dna), self.settings.clone()).await;
            *database = Some(opened.map_err(failed)?);
        }
        Ok(database.clone().map(DhtStore::new))
    }

    /// What an agent has scheduled in a DNA, if its store is open.
    pub(crate) async fn schedules(&self, cell: &CellId) -> Option<Schedules> {
        let place = self.places().get(cell.dna_hash()).cloned()?;
        let database = place.read().await.clone()?;
        Some(Schedules::new(database, cell.agent_pubkey().clone()))
    }

    /// Closes the store of a DNA and removes its files, unless it is wanted. Anyone who still holds the store finds it closed.
    ///
    /// # Errors
    /// A file exists and cannot be removed.
    pub(crate) async fn remove(&self, dna: &DnaHash, is_wanted: impl Fn() -> bool) -> Result<(), LoadError> {
        let place = Arc::clone(self.places().entry(dna.clone()).or_default());
        let mut database = place.write().await;
        if is_wanted() {
            return Ok(());
        }
        close(database.take()).await;
        let file = self.databases.join(identifier(dna).database_id());
        for ending in ENDINGS {
            let mut file = file.clone().into_os_string();
            file.push(ending);
            match tokio::fs::remove_file(file).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        drop(database);
        let mut places = self.places();
        // Nobody waits for it: a waiter would have a copy.
        if Arc::strong_count(&place) == 2 {
            places.remove(dna);
        }
        Ok(())
    }

    /// Removes the files of stores of other DNAs: what an abrupt end left of an app that was being installed or removed.
    pub(crate) async fn keep_only(&self, dnas: &HashSet<DnaHash>) -> io::Result<()> {
        let kept: HashSet<String> = dnas.iter().map(|dna| identifier(dna).database_id().to_owned()).collect();
        let mut files = tokio::fs::read_dir(&self.databases).await?;
        while let Some(file) = files.next_entry().await? {
            let name = file.file_name();
            let Some(name) = name.to_str() else { continue };
            let base = ENDINGS.iter().rev().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
            if base.starts_with(OWN_START) && base.ends_with(OWN_END) && !kept.contains(base) {
                tokio::fs::remove_file(file.path()).await?;
            }
        }
        Ok(())
    }

    /// Closes all.
    pub(crate) async fn close(&self) {
        let places = std::mem::take(&mut *self.places());
        join_all(places.values().map(async |place| close(place.write().await.take()).await)).await;
    }

    fn places(&self) -> MutexGuard<'_, HashMap<DnaHash, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its connections are closed, each with its thread, as soon as they are no longer in use.
async fn close(database: Option<DbWrite<Dht>>) {
    let Some(database) = database else { return };
    if tokio::time::timeout(CLOSE_PATIENCE, database.pool().close()).await.is_err() {
        tracing::warn!(
            database = database.identifier().database_id(),
            "a database has been in use for a long time"
        );
    }
}

fn identifier(dna: &DnaHash) -> Dht {
    Dht::new(Arc::new(dna.clone()))
}

fn failed(error: impl std::fmt::Display) -> LoadError {
    LoadError::Other(error.to_string())
}

/// How the names of its files begin and end, apart from what SQLite appends: the write-ahead log and its index.
const OWN_START: &str = "dht-";
const OWN_END: &str = ".db";
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// How long a running statement may take; the database is closed after that anyway.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn dna(number: u8) -> DnaHash {
        DnaHash::from_raw_32(vec![number; 32])
    }

    /// Case: anyone who installed, enabled or cloned something waited for it, up to ten seconds.
    #[tokio::test]
    async fn a_store_that_is_in_use_when_it_goes_keeps_no_other_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let dhts = Dhts::new(directory.path().to_owned(), HolochainDataConfig::new());
        dhts.open(&dna(1), || true).await.unwrap().unwrap();
        let place = Arc::clone(&dhts.places()[&dna(1)]);
        let database = place.read().await.clone().unwrap();
        drop(place);
        let used = database.pool().acquire().await.unwrap();

        let one = dna(1);
        let mut going = Box::pin(dhts.remove(&one, || false));
        assert!(going.as_mut().now_or_never().is_none(), "it is in use");
        dhts.open(&dna(2), || true).await.unwrap().unwrap();
        drop(used);
        going.await.unwrap();
        assert!(dhts.open(&dna(1), || false).await.unwrap().is_none());
        let left: Vec<DnaHash> = dhts.places().keys().cloned().collect();
        assert_eq!(left, [dna(2)]);
        let files = std::fs::read_dir(directory.path()).unwrap();
        let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        assert!(files.into_iter().all(|file| file.starts_with(identifier(&dna(2)).database_id())));
    }

    #[tokio::test]
    async fn what_is_wanted_again_stays() {
        let directory = tempfile::tempdir().unwrap();
        let dhts = Dhts::new(directory.path().to_owned(), HolochainDataConfig::new());
        assert!(dhts.open(&dna(1), || false).await.unwrap().is_none() && dhts.places().is_empty());
        let store = dhts.open(&dna(1), || true).await.unwrap().unwrap();
        dhts.remove(&dna(1), || true).await.unwrap();
        store.as_read().size_on_disk().await.unwrap();
    }
}
