//! Directories that are removed with the process, or by the next one.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::left_over;

/// A directory among the system's temporary ones, `ham-{kind}-…`, that nobody else can look into. It is removed when
/// this is dropped; if its process was killed, it is removed when the next one of its kind is made.
#[derive(Debug)]
pub struct TemporaryDirectory {
    /// Released before the directory is removed.
    _lock: File,
    made: TempDir,
}

impl TemporaryDirectory {
    /// Makes one, and removes a few others of this kind and user that killed processes left behind.
    ///
    /// # Errors
    /// There is no place for temporary directories, or no room in it.
    pub fn new(kind: &str) -> io::Result<Self> {
        let (among, prefix) = (std::env::temp_dir(), prefix(kind));
        let (made, lock) = left_over::make(&among, &prefix)?;
        left_over::remove(&among, &prefix, made.path());
        Ok(Self { _lock: lock, made })
    }

    /// Removes a few others of this kind that killed processes left behind, of the user who owns the directory `ours`.
    pub(super) fn remove_left_over(kind: &str, ours: &Path) {
        left_over::remove(&std::env::temp_dir(), &prefix(kind), ours);
    }

    /// Its path. One file in it belongs to it: `lock`.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.made.path()
    }
}

/// The prefix of their names.
fn prefix(kind: &str) -> String {
    format!("ham-{kind}-")
}
