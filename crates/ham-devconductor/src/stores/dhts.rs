//! The databases of DNAs: one for each, shared by its cells.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holo_hash::DnaHash;
use holochain_state::DhtStore;
use holochain_state::data::{Dht, HolochainDataConfig, open_db};
use tokio::sync::OnceCell;

use crate::error::LoadError;

pub(crate) struct Dhts {
    databases: PathBuf,
    settings: HolochainDataConfig,
    /// Each is opened once; several at a time, because it takes ten milliseconds.
    open: Mutex<HashMap<DnaHash, Arc<OnceCell<DhtStore>>>>,
}

impl Dhts {
    pub(super) fn new(databases: PathBuf, settings: HolochainDataConfig) -> Self {
        Self { databases, settings, open: Mutex::default() }
    }

    /// The store of a DNA, opened when it is first asked for.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) async fn open(&self, dna: &DnaHash) -> Result<DhtStore, LoadError> {
        let place = Arc::clone(self.places().entry(dna.clone()).or_default());
        let open = async || {
            let database = open_db(&self.databases, Dht::new(Arc::new(dna.clone())), self.settings.clone());
            database.await.map(DhtStore::new).map_err(failed)
        };
        place.get_or_try_init(open).await.cloned()
    }

    /// Removes what the store of a DNA holds.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn remove(&self, dna: &DnaHash) -> Result<(), LoadError> {
        self.open(dna).await?.purge_all().await.map_err(failed)
    }

    /// Closes those that nobody holds.
    pub(crate) fn close(&self) {
        self.places().clear();
    }

    fn places(&self) -> MutexGuard<'_, HashMap<DnaHash, Arc<OnceCell<DhtStore>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: impl std::error::Error) -> LoadError {
    LoadError::Other(error.to_string())
}
