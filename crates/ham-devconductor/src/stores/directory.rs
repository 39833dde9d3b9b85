//! Where data are kept, and that nobody else keeps theirs there.

mod claim;
mod left_over;
mod private;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use holochain_state::data::{DbSyncLevel, HolochainDataConfig};
use tempfile::TempDir;

use self::private::{LOCK, make};
pub(super) use self::private::{make_private, make_private_file};
use crate::config::DataDirectory;
use crate::error::StartError;

/// Held while its databases are open.
pub(super) struct Directory {
    path: PathBuf,
    databases: PathBuf,
    sync: DbSyncLevel,
    /// Before the directory goes.
    _lock: File,
    /// Removed with this.
    _temporary: Option<TempDir>,
}

impl Directory {
    /// Makes it where it does not exist, and locks it.
    ///
    /// # Errors
    /// [`Directory`](StartError::Directory) or [`InUse`](StartError::InUse).
    pub(super) fn open(data: &DataDirectory) -> Result<Self, StartError> {
        let (path, temporary, sync) = match data {
            DataDirectory::Temporary => {
                let among = std::env::temp_dir();
                let made = left_over::make(&among);
                let made = made.map_err(|source| StartError::Directory { path: among.clone(), source })?;
                left_over::remove(&among, made.0.path());
                // Nobody reads it after a crash of the machine.
                (made.0.path().to_owned(), Some(made), DbSyncLevel::Off)
            }
            DataDirectory::Kept(directory) => (directory.clone(), None, DbSyncLevel::Normal),
        };
        let databases = path.join("databases");
        make(&path)
            .and_then(|()| make_private(&databases))
            .map_err(|source| StartError::Directory { path: path.clone(), source })?;
        let (temporary, lock) = match temporary {
            Some((temporary, lock)) => (Some(temporary), lock),
            None => (None, lock(&path)?),
        };
        // Of one that was killed.
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

/// Fails where another process, or another conductor of this one, holds it. The system lets go of it when the process
/// ends, however it ends.
fn lock(directory: &Path) -> Result<File, StartError> {
    let failed = |source| StartError::Directory { path: directory.to_owned(), source };
    let file = make_private_file(&directory.join(LOCK)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Where snapshots are, while the conductor that took them runs.
pub(super) const SNAPSHOTS: &str = "snapshots";
