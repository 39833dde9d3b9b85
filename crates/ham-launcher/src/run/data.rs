//! The directory that holds a conductor's data.

use std::path::{Path, PathBuf};

/// Longest path of a data directory, in bytes: the keystore puts a Unix socket below it, whose path holds 108 at most.
pub const MAX_DATA_PATH: usize = 80;

/// A data directory; removed, when temporary, with its last owner. The process is an owner too, so it goes first.
#[derive(Debug)]
pub(crate) enum DataDirectory {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl DataDirectory {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }

    /// The directory, when it goes with its last owner.
    pub(super) fn temporary(&self) -> Option<&Path> {
        match self {
            Self::Kept(_) => None,
            Self::Temporary(directory) => Some(directory.path()),
        }
    }
}
