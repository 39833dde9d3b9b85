//! The credential file: which key was granted on which cell.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use holochain_zome_types::prelude::ActionHash;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::SigningError;

/// One key and the grant it was made for. Everything in it is secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredCredential {
    /// The app the cell belongs to.
    pub(super) app_id: String,
    /// The cell, rendered.
    pub(super) cell: String,
    /// The grant's tag: how it is found again on the chain.
    pub(super) tag: String,
    /// The ed25519 seed.
    pub(super) seed: Zeroizing<[u8; 32]>,
    /// The capability secret.
    #[serde(with = "serde_bytes")]
    pub(super) cap_secret: Vec<u8>,
    /// The action that wrote the grant, once that is known: what a revocation names. Earlier files lack it.
    #[serde(default)]
    pub(super) written: Option<ActionHash>,
}

impl Drop for StoredCredential {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.cap_secret);
    }
}

/// The format, so that a later ham can tell.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    credentials: Vec<StoredCredential>,
}

/// A credential file. Reads and writes block shortly; callers move them off the runtime.
#[derive(Clone, Debug)]
pub(super) struct CredentialStore {
    path: PathBuf,
}

impl CredentialStore {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn error(&self, why: impl ToString) -> SigningError {
        SigningError::Store { path: self.path.display().to_string(), why: why.to_string() }
    }

    /// All credentials; none if the file does not exist.
    pub(super) fn load(&self) -> Result<Vec<StoredCredential>, SigningError> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.error(error)),
        };
        private(&self.path).map_err(|why| self.error(why))?;
        let file: File = rmp_serde::from_slice(&bytes).map_err(|_| {
            self.error("is no credential file of ham's, or damaged; move it away to start anew")
        })?;
        if file.version != VERSION {
            return Err(self.error(format!("has format {}, this ham reads {VERSION}", file.version)));
        }
        Ok(file.credentials)
    }

    /// Replaces the file as a whole: written beside it, synced, renamed.
    pub(super) fn save(&self, credentials: Vec<StoredCredential>) -> Result<(), SigningError> {
        let bytes = rmp_serde::to_vec_named(&File { version: VERSION, credentials })
            .map(Zeroizing::new)
            .map_err(|_| self.error("does not encode"))?;
        let beside = self.path.with_extension("tmp");
        let write = || -> std::io::Result<()> {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&beside)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.path)?;
            // The rename itself must survive a power cut.
            match self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                Some(parent) => std::fs::File::open(parent)?.sync_all(),
                None => Ok(()),
            }
        };
        write().map_err(|error| self.error(error))
    }
}

/// Refuses a file that others can read.
#[cfg(unix)]
fn private(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("can be read by others (mode {mode:o}); `chmod 600` it"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), String> {
    Ok(())
}

/// Runs short file work off the runtime's threads.
pub(super) async fn off_runtime<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, SigningError> + Send + 'static,
) -> Result<T, SigningError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(SigningError::Store { path: path.display().to_string(), why: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential() -> StoredCredential {
        StoredCredential {
            app_id: "app".into(),
            cell: "cell".into(),
            tag: "tag".into(),
            seed: Zeroizing::new([7; 32]),
            cap_secret: vec![9; 64],
            written: None,
        }
    }

    #[test]
    fn what_is_saved_is_loaded_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        let store = CredentialStore::new(path.clone());
        assert!(store.load().unwrap().is_empty());
        store.save(vec![credential()]).unwrap();
        let loaded = store.load().unwrap();
        assert_eq!((loaded.len(), &*loaded[0].seed, loaded[0].cap_secret.len()), (1, &[7; 32], 64));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            let refused = store.load().map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains("chmod 600"), "{refused}");
        }
    }

    #[test]
    fn a_damaged_file_is_refused_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        let store = CredentialStore::new(path.clone());
        store.save(vec![credential()]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() / 2);
        std::fs::write(&path, &bytes).unwrap();
        assert!(store.load().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}
