//! Keys of ham's own: one grant per cell, found again, kept, never written twice.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::WallClock;
use holochain_zome_types::cell::CellId;
use tokio::time::Instant;

use super::config::ClientKeySigning;
use super::credential::{StoredCredential, cell_name};
use super::credential_store::{CredentialStore, LockedCredentialStore};
use super::credentials::Credentials;
use super::grant::{Granter, check_budget, there};
use super::look_up::{look_up, revoked};
use super::progress::Progress;
use super::ring::KeyRing;
use crate::admin::Admin;
use crate::admin::OnChain;
use crate::entropy::Entropy;
use crate::error::{AdminError, SigningError, SigningStep};
use crate::events;
use crate::memory::ProcessMemory;

/// How long a call that has its grant waits to note in the file what it found.
const NOTE_WITHIN: Duration = Duration::from_secs(1);

/// Signs with keys of its own.
pub(crate) struct ClientKeys {
    config: ClientKeySigning,
    app_id: String,
    admin: Option<Admin>,
    ring: Arc<KeyRing>,
    entropy: Arc<dyn Entropy>,
    wall_clock: Arc<dyn WallClock>,
}

impl ClientKeys {
    pub(super) fn new(
        config: ClientKeySigning,
        app_id: String,
        admin: Option<Admin>,
        memory: &ProcessMemory,
        entropy: Arc<dyn Entropy>,
        wall_clock: Arc<dyn WallClock>,
    ) -> Self {
        let conductor = admin.as_ref().map(Admin::url).unwrap_or_default();
        let store = config.store.as_ref().map(|file| file.name());
        // Another file or other functions mean other keys.
        let ring = memory.of(format!("{conductor}\n{app_id}\n{store:?}\n{:?}", config.functions));
        Self { config, app_id, admin, ring, entropy, wall_clock }
    }

    /// The conductor refused the grant of this cell: before the next call, ham looks for it on the chain again.
    pub(super) fn doubt(&self, cell: &CellId) {
        self.ring.doubt(cell);
    }

    /// How many grants have come into being so far.
    pub(super) fn granted(&self) -> u32 {
        self.ring.granted()
    }

    pub(super) fn is_ready(&self, cell: &CellId) -> bool {
        self.ring.ready(cell).is_some()
    }

    /// The credentials for a cell; looked up, or granted once.
    pub(super) async fn credentials(
        &self,
        cell: &CellId,
        deadline: Instant,
    ) -> Result<Arc<Credentials>, SigningError> {
        if let Some(ready) = self.ring.ready(cell) {
            return Ok(ready);
        }
        let (began, progress) = (Instant::now(), Progress::default());
        let mut authorized = std::pin::pin!(self.authorize(cell, deadline, &progress));
        if let Ok(result) = tokio::time::timeout_at(deadline, authorized.as_mut()).await {
            return result;
        }
        // Read while the work still stands where it stopped.
        let (step, after) = (progress.step(self.admin.as_ref()), began.elapsed());
        Err(match (step, &self.config.store) {
            (SigningStep::CredentialLock, Some(file)) => {
                SigningError::StoreLocked { path: file.name(), after }
            }
            (step, _) => SigningError::TimedOut { step, after },
        })
    }

    /// The credentials of a cell that has its grant.
    pub(super) async fn held(
        &self,
        cell: &CellId,
        deadline: Instant,
    ) -> Result<Option<Arc<Credentials>>, SigningError> {
        if let Some(ready) = self.ring.ready(cell) {
            return Ok(Some(ready));
        }
        let (began, progress, name) = (Instant::now(), Progress::default(), cell_name(cell));
        match tokio::time::timeout_at(deadline, self.find(cell, &name, &progress)).await {
            Ok(Err(SigningError::GrantForbidden(_))) => Ok(None),
            Ok(found) => found,
            Err(_) => Err(SigningError::TimedOut {
                step: progress.step(self.admin.as_ref()),
                after: began.elapsed(),
            }),
        }
    }

    /// Finds or writes the grant of one cell.
    async fn authorize(
        &self,
        cell: &CellId,
        deadline: Instant,
        progress: &Progress,
    ) -> Result<Arc<Credentials>, SigningError> {
        let name = cell_name(cell);
        let _cell_lock = self.ring.lock_cell(&name).await;
        if let Some(ready) = self.ring.ready(cell) {
            return Ok(ready);
        }
        match self.find(cell, &name, progress).await? {
            Some(found) => Ok(found),
            None => self.grant(cell, &name, deadline, progress).await,
        }
    }

    /// The credentials of a cell that has its grant. Takes no lock, because another process may hold it for long: the file is
    /// replaced as a whole, so what is read is always something complete.
    async fn find(
        &self,
        cell: &CellId,
        name: &str,
        progress: &Progress,
    ) -> Result<Option<Arc<Credentials>>, SigningError> {
        progress.begin(SigningStep::CredentialFile);
        let stored = self.credential_store().find(name).await?;
        let Some(known) = stored.clone().or_else(|| self.ring.keys().find(name)) else {
            check_budget(self.config.budget, &self.ring.keys())?;
            return Ok(None);
        };
        progress.begin(SigningStep::GrantLookUp);
        match look_up(self.admin.as_ref(), cell, &known).await {
            Ok(OnChain::Valid(action)) => {
                let noted = known.written.clone();
                let found = there(known, action, &self.ring);
                if stored.as_ref() != Some(&found) {
                    progress.begin(SigningStep::CredentialFile);
                    // Best effort: not worth a failure.
                    let _ = tokio::time::timeout(NOTE_WITHIN, self.keep_beside_others(&found)).await;
                }
                Ok(Some(self.ready(cell, noted != found.written, &found)))
            }
            Ok(OnChain::Revoked) => Err(revoked()),
            Ok(OnChain::Absent) => Ok(None),
            // It may have been requested and be on its way.
            Err(SigningError::Grant(_)) if known.asked.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gets the grant of a cell written, as one step across all processes.
    async fn grant(
        &self,
        cell: &CellId,
        name: &str,
        deadline: Instant,
        progress: &Progress,
    ) -> Result<Arc<Credentials>, SigningError> {
        let admin = self.admin.as_ref().ok_or(SigningError::Grant(AdminError::NotConfigured))?;
        progress.begin(SigningStep::Turn);
        let _grant_lock = self.ring.lock_grants().await;
        progress.begin(SigningStep::CredentialLock);
        let mut locked = self.credential_store().lock().await?;
        progress.begin(SigningStep::CredentialFile);
        // Looked up again: in the meantime another process may have made a key, or got its grant written.
        let known = locked.find(name).await?.or_else(|| self.ring.keys().find(name));
        let is_known = known.is_some();
        let credential = match known {
            Some(credential) => credential,
            None => StoredCredential::new(&self.app_id, name, &*self.entropy)
                .map_err(|why| SigningError::NoKey(format!("the system gives no randomness: {why}")))?,
        };
        let noted = credential.written.clone();
        let (functions, budget) = (&self.config.functions, self.config.budget);
        let (ring, wall_clock) = (&*self.ring, &self.wall_clock);
        let granter = Granter { admin, ring, functions, budget, wall_clock, progress, deadline };
        let granted = granter.obtain(cell, credential, is_known, &mut locked).await?;
        note(&granted, &mut locked).await;
        Ok(self.ready(cell, noted != granted.written, &granted))
    }

    /// Stores what was found without the lock, unless someone has stored another key there since.
    async fn keep_beside_others(&self, found: &StoredCredential) -> Result<(), SigningError> {
        let mut locked = self.credential_store().lock().await?;
        if locked.find(&found.cell).await?.is_none_or(|there| there.tag == found.tag) {
            note(found, &mut locked).await;
        }
        Ok(())
    }

    fn credential_store(&self) -> CredentialStore<'_> {
        CredentialStore::new(self.config.store.as_deref(), &self.app_id)
    }

    fn ready(&self, cell: &CellId, is_new: bool, credential: &StoredCredential) -> Arc<Credentials> {
        self.ring.keys().remember(credential);
        if is_new {
            self.ring.note_grant();
        }
        let ready = Arc::new(credential.credentials());
        self.ring.set_ready(cell, ready.clone());
        ready
    }
}

/// Stores what is known about a grant that is there. The grant works without it; only a revocation that a later release cannot read
/// would go unnoticed.
async fn note(credential: &StoredCredential, locked: &mut LockedCredentialStore<'_>) {
    if let Err(error) = locked.keep(credential).await {
        tracing::warn!(event = events::CAP_GRANT, %error, "cannot note which action wrote the grant");
    }
}
