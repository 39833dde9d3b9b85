//! What a service writes down before it sends a call, so that its next process can settle it.

use std::io;

use ham::SignedCall;
use tempfile::TempDir;

/// A journal of one call, in a directory of its own that nobody else can read; dropping it removes it.
#[derive(Debug)]
pub(super) struct Journal {
    directory: TempDir,
}

impl Journal {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { directory: tempfile::Builder::new().prefix("ham-journal-").tempdir()? })
    }

    pub(super) async fn write(&self, call: &SignedCall) -> io::Result<()> {
        tokio::fs::write(self.path(), serde_json::to_vec(call)?).await
    }

    pub(super) async fn read(&self) -> io::Result<SignedCall> {
        Ok(serde_json::from_slice(&tokio::fs::read(self.path()).await?)?)
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("call")
    }
}
