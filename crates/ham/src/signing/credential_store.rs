//! The keys of one app in a file that others use as well.

use super::credential::{Credentialed, StoredCredential};
use super::store::{CredentialFile, LockedCredentialFile};
use crate::error::SigningError;

/// The keys of one app in a file, or in none.
#[derive(Clone, Copy)]
pub(super) struct CredentialStore<'a> {
    file: Option<&'a dyn CredentialFile>,
    app_id: &'a str,
}

/// The same, while nobody else can write to the file. Not to be held across calls.
pub(super) struct LockedCredentialStore<'a> {
    store: CredentialStore<'a>,
    lock: Option<Box<dyn LockedCredentialFile>>,
}

impl<'a> CredentialStore<'a> {
    pub(super) fn new(file: Option<&'a dyn CredentialFile>, app_id: &'a str) -> Self {
        Self { file, app_id }
    }

    /// The key of a cell, as it was last stored.
    pub(super) async fn find(&self, cell: &str) -> Result<Option<StoredCredential>, SigningError> {
        Ok(self.all().await?.take(self.app_id, cell))
    }

    /// Waits until nobody else can write to the file.
    pub(super) async fn lock(self) -> Result<LockedCredentialStore<'a>, SigningError> {
        let lock = match self.file {
            Some(file) => Some(file.lock().await.map_err(|error| self.error(error))?),
            None => None,
        };
        Ok(LockedCredentialStore { store: self, lock })
    }

    async fn all(&self) -> Result<Credentialed, SigningError> {
        let Some(file) = self.file else { return Ok(Credentialed::default()) };
        match file.load().await.map_err(|error| self.error(error))? {
            Some(content) => Credentialed::read(&content).map_err(|why| self.error(why)),
            None => Ok(Credentialed::default()),
        }
    }

    fn error(&self, why: impl ToString) -> SigningError {
        let path = self.file.map(CredentialFile::name).unwrap_or_default();
        SigningError::Store { path, why: why.to_string() }
    }
}

impl LockedCredentialStore<'_> {
    /// The key of a cell.
    pub(super) async fn find(&self, cell: &str) -> Result<Option<StoredCredential>, SigningError> {
        self.store.find(cell).await
    }

    /// Stores a key, and leaves all others as they are.
    pub(super) async fn keep(&mut self, credential: &StoredCredential) -> Result<(), SigningError> {
        let Some(lock) = &mut self.lock else { return Ok(()) };
        let mut all = self.store.all().await?;
        all.put(credential.clone());
        let content = all.written().map_err(|why| self.store.error(why))?;
        lock.save(content).await.map_err(|error| self.store.error(error))
    }
}
