//! The databases: one of the conductor, one of code, one for each DNA.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holo_hash::DnaHash;
use holochain_state::DhtStore;
use holochain_state::conductor::ConductorStore;
use holochain_state::data::{self, DbSyncLevel, Dht, HolochainDataConfig, open_db};
use holochain_state::dna_def::DnaDefStore;
use holochain_state::prelude::WasmStore;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::config::{Config, DataDirectory};
use crate::error::{ConductorError, StartError};

pub(super) struct Stores {
    directory: PathBuf,
    config: HolochainDataConfig,
    pub(super) conductor: ConductorStore,
    pub(super) wasms: WasmStore,
    pub(super) definitions: DnaDefStore,
    /// Each is opened once; several at a time, because it takes ten milliseconds.
    dhts: Mutex<HashMap<DnaHash, Arc<OnceCell<DhtStore>>>>,
    /// Removed with this.
    _temporary: Option<TempDir>,
    /// Held while this is, so that no second conductor writes here.
    _lock: std::fs::File,
}

impl Stores {
    pub(super) async fn open(config: &Config) -> Result<Self, StartError> {
        let (directory, temporary, sync) = match &config.data {
            DataDirectory::Temporary => {
                let made = tempfile::Builder::new().prefix("ham-dev-").tempdir();
                let made =
                    made.map_err(|source| StartError::Directory { path: std::env::temp_dir(), source })?;
                // Nobody reads it after a crash of the machine.
                (made.path().to_owned(), Some(made), DbSyncLevel::Off)
            }
            DataDirectory::Kept(directory) => (directory.clone(), None, DbSyncLevel::Normal),
        };
        let databases = directory.join("databases");
        let failed = |source| StartError::Directory { path: directory.clone(), source };
        std::fs::create_dir_all(&databases).map_err(failed)?;
        let lock = lock(&directory)?;
        let settings = HolochainDataConfig::new().with_sync_level(sync);
        // One connection, so that one transaction is over before the next begins: an app that is installed while a call
        // writes its nonce found the database locked otherwise, because it reads before it writes.
        let conductor = open_db(&databases, data::Conductor, settings.clone().with_max_readers(0))
            .await
            .map_err(|error| StartError::Database(error.to_string()))?;
        let wasm = open_db(&databases, data::Wasm, settings.clone())
            .await
            .map_err(|error| StartError::Database(error.to_string()))?;
        Ok(Self {
            directory,
            config: settings,
            conductor: ConductorStore::new(conductor),
            wasms: WasmStore::new(wasm.clone()),
            definitions: DnaDefStore::new(wasm),
            dhts: Mutex::default(),
            _temporary: temporary,
            _lock: lock,
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn databases(&self) -> PathBuf {
        self.directory.join("databases")
    }

    /// The store of a DNA, opened when it is first asked for.
    pub(super) async fn dht(&self, dna: &DnaHash) -> Result<DhtStore, ConductorError> {
        let place = Arc::clone(self.dhts().entry(dna.clone()).or_default());
        let open = async || {
            let database = open_db(self.databases(), Dht::new(Arc::new(dna.clone())), self.config.clone());
            database.await.map(DhtStore::new).map_err(|error| ConductorError::Other(error.to_string()))
        };
        place.get_or_try_init(open).await.cloned()
    }

    fn dhts(&self) -> MutexGuard<'_, HashMap<DnaHash, Arc<OnceCell<DhtStore>>>> {
        self.dhts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes a DNA's store and removes what it held.
    pub(super) async fn remove_dht(&self, dna: &DnaHash) -> Result<(), ConductorError> {
        let dht = self.dht(dna).await?;
        dht.purge_all().await.map_err(|error| ConductorError::Other(error.to_string()))
    }

    pub(super) fn close(&self) {
        self.dhts().clear();
    }
}

/// Fails where another process, or another conductor of this one, holds it. The system lets go of it when the process
/// ends, however it ends.
fn lock(directory: &Path) -> Result<std::fs::File, StartError> {
    let failed = |source| StartError::Directory { path: directory.to_owned(), source };
    let file =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(directory.join("lock"));
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse(directory.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}
