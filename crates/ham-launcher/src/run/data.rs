//! The directory that holds a conductor's data.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::watchdog::Watchdog;

/// Longest path of a data directory, in bytes: the keystore puts a Unix socket below it, whose path has 108 at most.
pub const MAX_DATA_PATH: usize = 80;

/// A data directory; if temporary, removed with its last owner. The process is an owner too, so it ends first.
#[derive(Debug)]
pub(crate) enum DataDirectory {
    Kept(PathBuf),
    Temporary(TemporaryData),
}

/// Removed when this is dropped, or by a watchdog that outlives this process: the process may end before or during the removal.
#[derive(Debug)]
pub(crate) struct TemporaryData {
    directory: TempDir,
    /// Kept until nothing is left.
    _watchdog: Watchdog,
}

impl TemporaryData {
    /// # Errors
    /// The parent has no room for it, or the system starts no shell.
    pub(super) fn new(parent: &Path) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("ham-").tempdir_in(parent)?;
        let watchdog = Watchdog::remove(directory.path())?;
        Ok(Self { directory, _watchdog: watchdog })
    }
}

impl DataDirectory {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(data) => data.directory.path(),
        }
    }
}
