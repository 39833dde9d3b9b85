//! What a conductor keeps: its apps, the code of DNAs, the content of each DNA, keys, used nonces.

mod apps;
mod database;
mod dhts;
mod directory;
mod dnas;
mod key;
mod keystore;
mod nonces;
mod schedules;
mod signer;
mod undo;

use std::sync::Arc;

use holochain_keystore::MetaLairClient;
use holochain_state::conductor::ConductorStore;
use holochain_state::data::{self, DatabaseIdentifier as _};

pub(crate) use apps::Apps;
pub(crate) use dhts::{Dhts, SaveError, SavedDhts};
pub use directory::TemporaryDirectory;
pub(crate) use dnas::Dnas;
pub(crate) use nonces::{Nonces, judge};
pub(crate) use schedules::{Due, Schedules};

use crate::config::{Config, DataDirectory};
use crate::error::{Cause, StartError};
use crate::observe::Feed;
use directory::Directory;
use keystore::Keystore;
use undo::Undo;

/// Everything that is kept, opened.
pub(crate) struct Stores {
    pub(crate) apps: Arc<Apps>,
    pub(crate) dnas: Dnas,
    pub(crate) dhts: Dhts,
    pub(crate) nonces: Arc<Nonces>,
    pub(crate) undo: Undo,
    keystore: Keystore,
    /// Dropped last, so that nobody else opens what is not yet closed.
    _directory: Directory,
}

impl Stores {
    /// Opens them where the configuration says.
    ///
    /// # Errors
    /// Variant by variant in [`StartError`].
    pub(crate) async fn open(config: &Config, feed: &Arc<Feed>) -> Result<Self, StartError> {
        let (directory, is_kept) = (Directory::open(&config.data)?, config.data != DataDirectory::Temporary);
        let undo = Undo::open(directory.databases(), is_kept).await;
        let undo =
            undo.map_err(|source| StartError::Directory { path: directory.path().to_owned(), source })?;
        // The keystore comes first: databases show that there was one.
        let was_used = directory.databases().join(data::Conductor.database_id()).exists();
        let keystore = keystore::open(config, directory.path(), was_used).await?;
        let mut settings = directory.settings();
        if is_kept && config.passphrase.is_some() {
            let key = key::of(&keystore.client, directory.databases()).await;
            settings.key = key.map_err(|source| StartError::Keystore { source })?;
        }
        // One connection, so that one transaction is over before the next begins: otherwise an app that is installed while a call
        // writes its nonce finds the database locked, because it reads before it writes.
        let one_connection = settings.clone().with_max_readers(0);
        let conductor = database::open(directory.databases(), data::Conductor, one_connection).await;
        let conductor = ConductorStore::new(conductor.map_err(database)?);
        let wasm =
            database::open(directory.databases(), data::Wasm, settings.clone()).await.map_err(database)?;
        let nonces = Nonces::new(is_kept.then(|| conductor.clone()));
        let apps = Apps::load(conductor, Arc::clone(feed)).await.map_err(database)?;
        let dhts = Dhts::new(directory.databases().to_owned(), settings);
        // If no apps were recorded, none is known to be gone.
        if apps.were_kept() {
            dhts.keep_only(&apps.dnas()).await.map_err(database)?;
        }
        Ok(Self {
            apps: Arc::new(apps),
            dnas: Dnas::new(wasm),
            dhts,
            nonces: Arc::new(nonces),
            undo,
            keystore,
            _directory: directory,
        })
    }

    pub(crate) fn keystore(&self) -> &MetaLairClient {
        &self.keystore.client
    }
}

fn database(error: impl Into<Cause>) -> StartError {
    StartError::Database { source: error.into() }
}
