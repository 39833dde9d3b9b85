//! The place of the data, which no other conductor may use at the same time.

mod claim;
mod left_over;
mod private;
mod temporary;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use holochain_state::data::{DbSyncLevel, HolochainDataConfig};

use self::private::{LOCK, make};
pub(super) use self::private::{make_private, make_private_file, write_once};
pub use self::temporary::TemporaryDirectory;
use crate::config::DataDirectory;
use crate::error::StartError;

/// Held while its databases are open.
pub(super) struct Directory {
    path: PathBuf,
    databases: PathBuf,
    sync: DbSyncLevel,
    /// The lock of a directory that is kept.
    _lock: Option<File>,
    /// Removed with this.
    _temporary: Option<TemporaryDirectory>,
}

impl Directory {
    /// Creates it if it does not exist, and locks it.
    ///
    /// # Errors
    /// [`Directory`](StartError::Directory) or [`InUse`](StartError::InUse).
    pub(super) fn open(data: &DataDirectory) -> Result<Self, StartError> {
        let (path, temporary, sync) = match data {
            DataDirectory::Temporary => {
                let made = TemporaryDirectory::new(KIND);
                let made =
                    made.map_err(|source| StartError::Directory { path: std::env::temp_dir(), source })?;
                // Nobody reads it after a crash of the machine.
                (made.path().to_owned(), Some(made), DbSyncLevel::Off)
            }
            DataDirectory::Kept(directory) => (directory.clone(), None, DbSyncLevel::Normal),
        };
        let databases = path.join("databases");
        make(&path)
            .and_then(|()| make_private(&databases))
            .map_err(|source| StartError::Directory { path: path.clone(), source })?;
        let lock = temporary.is_none().then(|| lock(&path)).transpose()?;
        if temporary.is_none() {
            // An earlier conductor may have run without keeping its data, and been killed.
            TemporaryDirectory::remove_left_over(KIND, &databases);
        }
        // Those of a conductor that was killed.
        let _ = std::fs::remove_dir_all(databases.join(SNAPSHOTS));
        Ok(Self { path, databases, sync, _lock: lock, _temporary: temporary })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn databases(&self) -> &Path {
        &self.databases
    }

    /// How its databases are opened.
    pub(super) fn settings(&self) -> HolochainDataConfig {
        HolochainDataConfig::new().with_sync_level(self.sync)
    }
}

/// Fails if another process, or another conductor in this one, holds it. The system releases it when the process ends,
/// however it ends.
fn lock(directory: &Path) -> Result<File, StartError> {
    let failed = |source| StartError::Directory { path: directory.to_owned(), source };
    let file = make_private_file(&directory.join(LOCK)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The kind of temporary directories.
const KIND: &str = "dev";

/// Where snapshots are, while the conductor that took them runs.
pub(super) const SNAPSHOTS: &str = "snapshots";
