//! Directories that go with the process, or with the next one.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::left_over;

/// A directory among the system's temporary ones, `ham-{kind}-…`, that nobody else looks into. It is removed when this is dropped; one whose
/// process was killed is removed when the next of its kind is made.
#[derive(Debug)]
pub struct TemporaryDirectory {
    /// Before the directory goes.
    _lock: File,
    made: TempDir,
}

impl TemporaryDirectory {
    /// Makes one, and removes what was left of a few others of this kind and user.
    ///
    /// # Errors
    /// There is no place for temporary directories, or no room in it.
    pub fn new(kind: &str) -> io::Result<Self> {
        let (among, prefix) = (std::env::temp_dir(), prefix(kind));
        let (made, lock) = left_over::make(&among, &prefix)?;
        left_over::remove(&among, &prefix, made.path());
        Ok(Self { _lock: lock, made })
    }

    /// Removes what was left of a few others of this kind, of the user whose directory `ours` is.
    pub(super) fn remove_left_over(kind: &str, ours: &Path) {
        left_over::remove(&std::env::temp_dir(), &prefix(kind), ours);
    }

    /// Where it is. A file there is its own: `lock`.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.made.path()
    }
}

/// How their names begin.
fn prefix(kind: &str) -> String {
    format!("ham-{kind}-")
}
