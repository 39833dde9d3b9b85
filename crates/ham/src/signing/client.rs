//! Keys of ham's own: one grant per cell, found again, kept, never written twice.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use ham_session::Delivery;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{ActionHash, AgentPubKey, CAP_SECRET_BYTES, CapSecret};
use rand::TryRngCore as _;
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::progress::Progress;
use super::store::{CredentialStore, StoredCredential, off_runtime};
use super::{ClientKeySigning, Credentials, Key};
use crate::admin::Admin;
use crate::admin::{Chain, OnChain};
use crate::dialect::{CapAccess, CapGrant};
use crate::error::{AdminError, SigningError, SigningStep};
use crate::events;

/// How every tag of ham's starts, so that `ham grants` can tell them.
pub(crate) const TAG_PREFIX: &str = "ham:";

/// How long a grant whose answer was lost is looked for before it is asked for again.
const GRANT_SETTLES: Duration = Duration::from_secs(15);
/// How often.
const GRANT_POLL: Duration = Duration::from_millis(250);

/// Signs with keys of its own.
pub(crate) struct ClientKeys {
    config: ClientKeySigning,
    app_id: String,
    admin: Option<Admin>,
    ring: Arc<KeyRing>,
}

/// The keys for one app of one conductor.
#[derive(Default)]
struct KeyRing {
    /// Cells whose grant is known to be on the chain.
    ready: RwLock<HashMap<CellId, Arc<Credentials>>>,
    /// Held while a grant is looked for or written, so that a cell gets one.
    granting: Mutex<Keys>,
    granted: AtomicU32,
}

/// The process's key rings: a service that reconnects by making a new client must not write a grant each time.
/// Bounded by the apps the process ever talked to.
fn key_ring(conductor: &str, app_id: &str, config: &ClientKeySigning) -> Arc<KeyRing> {
    type Rings = std::sync::Mutex<HashMap<String, Arc<KeyRing>>>;
    static RINGS: LazyLock<Rings> = LazyLock::new(Rings::default);
    let name = format!("{conductor}\n{app_id}\n{:?}\n{:?}", config.store, config.functions);
    RINGS.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default().clone()
}

/// Keys whose grant may or may not be on the chain: made by us, or loaded.
#[derive(Default)]
struct Keys {
    loaded: bool,
    by_cell: HashMap<String, StoredCredential>,
}

impl ClientKeys {
    pub(super) fn new(config: ClientKeySigning, app_id: String, admin: Option<Admin>) -> Self {
        let conductor = admin.as_ref().map(Admin::url).unwrap_or_default();
        let ring = key_ring(&conductor, &app_id, &config);
        Self { config, app_id, admin, ring }
    }

    /// The conductor refused the grant of this cell: it is looked for on the chain again before the next call.
    pub(super) fn doubt(&self, cell: &CellId) {
        self.ring.ready.write().unwrap_or_else(PoisonError::into_inner).remove(cell);
    }

    /// How many grants were written so far.
    pub(super) fn granted(&self) -> u32 {
        self.ring.granted.load(Ordering::Relaxed)
    }

    /// The credentials for a cell; looked up, or granted once.
    pub(super) async fn credentials(
        &self,
        cell: &CellId,
        deadline: Instant,
    ) -> Result<Arc<Credentials>, SigningError> {
        if let Some(ready) = self.ready(cell) {
            return Ok(ready);
        }
        let (began, progress) = (Instant::now(), Progress::default());
        let mut authorized = std::pin::pin!(self.authorize(cell, &progress));
        match tokio::time::timeout_at(deadline, authorized.as_mut()).await {
            Ok(result) => result,
            // Asked while the work still stands where it was.
            Err(_) => {
                let step = progress.step(self.admin.as_ref());
                Err(SigningError::TimedOut { step, after: began.elapsed() })
            }
        }
    }

    pub(super) fn ready(&self, cell: &CellId) -> Option<Arc<Credentials>> {
        self.ring.ready.read().unwrap_or_else(PoisonError::into_inner).get(cell).cloned()
    }

    /// Finds or writes the grant of one cell. Cancel-safe: the key is kept before its grant is asked for, so a grant
    /// that was cut off is found by its tag the next time.
    async fn authorize(&self, cell: &CellId, progress: &Progress) -> Result<Arc<Credentials>, SigningError> {
        let mut keys = self.ring.granting.lock().await;
        progress.begin(SigningStep::CredentialFile);
        if let Some(ready) = self.ready(cell) {
            return Ok(ready);
        }
        self.load(&mut keys).await?;
        progress.begin(SigningStep::GrantLookUp);
        let name = cell_name(cell);
        let known = keys.by_cell.get(&name).cloned();
        let on_chain = match &known {
            Some(credential) => self.look_up(cell, credential).await?,
            None => OnChain::Absent,
        };
        let mut credential = match known {
            Some(credential) => credential,
            None => self.new_key(cell)?,
        };
        let written = match on_chain {
            OnChain::Valid(written) => written,
            // Whoever revoked it meant it.
            OnChain::Revoked => {
                let forget = "its grant was revoked, and ham does not grant itself anew; remove its credential to allow it";
                return Err(SigningError::GrantForbidden(forget.into()));
            }
            OnChain::Absent => {
                progress.begin(SigningStep::ClosedChainCheck);
                self.check_may_grant(cell).await?;
                keys.by_cell.insert(name.clone(), credential.clone());
                progress.begin(SigningStep::CredentialFile);
                self.save(&keys).await?;
                progress.begin(SigningStep::Grant);
                self.grant(cell, &credential).await?
            }
        };
        if let Some(written) = written.filter(|written| credential.written.as_ref() != Some(written)) {
            credential.written = Some(written);
            keys.by_cell.insert(name, credential.clone());
            // The grant is good without it; only a revocation that a later release cannot read would not be seen.
            if let Err(error) = self.save(&keys).await {
                tracing::warn!(event = events::CAP_GRANT, %error, "cannot note which action wrote the grant");
            }
        }
        let ready = Arc::new(credentials_of(&credential));
        self.ring.ready.write().unwrap_or_else(PoisonError::into_inner).insert(cell.clone(), ready.clone());
        Ok(ready)
    }

    fn admin(&self) -> Result<&Admin, SigningError> {
        self.admin.as_ref().ok_or(SigningError::Grant(AdminError::NotConfigured))
    }

    /// What became of the grant of a credential. Without an admin interface the file is trusted.
    async fn look_up(&self, cell: &CellId, credential: &StoredCredential) -> Result<OnChain, SigningError> {
        let Some(admin) = &self.admin else { return Ok(OnChain::Valid(None)) };
        let listed = match admin.grants(&self.app_id, true).await {
            Ok(grants) => grants.into_iter().find(|(granted, _)| granted == cell),
            // One grant of an earlier release, and none is listed.
            Err(error) if error.is_unreadable_entry() => None,
            Err(error) => return Err(SigningError::Grant(error)),
        };
        let Some((_, listed)) = listed else {
            // The list leaves clones out.
            let chain = Chain::of(admin, cell);
            let read = chain.grant(&credential.tag, credential.written.as_ref()).await;
            let (on_chain, outdated) = read.map_err(SigningError::Grant)?;
            return match on_chain {
                // Not revoked, and not to be read: the conductor decodes every grant in force that has a secret, before it runs
                // a call that shows one.
                OnChain::Absent if outdated && credential.written.is_some() => {
                    Err(SigningError::GrantUnreadable)
                }
                on_chain => Ok(on_chain),
            };
        };
        let mut ours = listed.iter().filter(|grant| grant.tag == credential.tag).peekable();
        let revoked = ours.peek().is_some();
        Ok(match ours.find(|grant| grant.revoked_at.is_none()) {
            Some(grant) => OnChain::Valid(Some(grant.action_hash.clone())),
            None if revoked => OnChain::Revoked,
            None => OnChain::Absent,
        })
    }

    async fn check_may_grant(&self, cell: &CellId) -> Result<(), SigningError> {
        if let Some(budget) =
            self.config.budget.filter(|budget| self.ring.granted.load(Ordering::Relaxed) >= *budget)
        {
            return Err(SigningError::GrantForbidden(format!("the budget of {budget} grants is used up")));
        }
        if Chain::of(self.admin()?, cell).is_closed().await.map_err(SigningError::Grant)? {
            return Err(SigningError::ChainClosed);
        }
        Ok(())
    }

    /// Writes the grant and tells the action, where that is known. An error answer can follow the write, so the chain
    /// decides.
    async fn grant(
        &self,
        cell: &CellId,
        credential: &StoredCredential,
    ) -> Result<Option<ActionHash>, SigningError> {
        let credentials = credentials_of(credential);
        let secret =
            credentials.cap_secret.ok_or_else(|| SigningError::NoKey("no capability secret".into()))?;
        let assignees = std::iter::once(credentials.provenance).collect();
        let grant = CapGrant {
            tag: credential.tag.clone(),
            access: CapAccess::Assigned { secret, assignees },
            functions: self.config.functions.clone(),
        };
        self.ring.granted.fetch_add(1, Ordering::Relaxed);
        let written = match self.admin()?.grant(cell, &grant).await {
            Ok(written) => Some(written),
            Err(error) => match self.turns_up(cell, credential, error.delivery()).await {
                Some(written) => written,
                None => return Err(SigningError::Grant(error)),
            },
        };
        tracing::warn!(
            event = events::CAP_GRANT,
            app_id = self.app_id,
            cell = %cell_name(cell),
            tag = credential.tag
        );
        metrics::counter!(crate::metrics::GRANTS).increment(1);
        Ok(written)
    }

    /// Whether a grant whose request failed is on the chain after all. One whose answer was lost may still be written
    /// for a while: the conductor runs `init` before it.
    async fn turns_up(
        &self,
        cell: &CellId,
        credential: &StoredCredential,
        delivery: Delivery,
    ) -> Option<Option<ActionHash>> {
        let settled =
            Instant::now() + if delivery == Delivery::Unknown { GRANT_SETTLES } else { Duration::ZERO };
        loop {
            if let Ok(OnChain::Valid(written)) = self.look_up(cell, credential).await {
                return Some(written);
            }
            if Instant::now() + GRANT_POLL > settled {
                return None;
            }
            tokio::time::sleep_until(Instant::now() + GRANT_POLL).await;
        }
    }

    fn new_key(&self, cell: &CellId) -> Result<StoredCredential, SigningError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        let mut cap_secret = vec![0_u8; CAP_SECRET_BYTES];
        let mut random = rand::rngs::OsRng;
        random
            .try_fill_bytes(&mut *seed)
            .and_then(|()| random.try_fill_bytes(&mut cap_secret))
            .map_err(|error| SigningError::NoKey(format!("the system gives no randomness: {error}")))?;
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let tag = format!("{TAG_PREFIX}{}", AgentPubKey::from_raw_32(public.as_bytes().to_vec()));
        Ok(StoredCredential {
            app_id: self.app_id.clone(),
            cell: cell_name(cell),
            tag,
            seed,
            cap_secret,
            written: None,
        })
    }

    async fn load(&self, keys: &mut Keys) -> Result<(), SigningError> {
        if keys.loaded {
            return Ok(());
        }
        if let Some(path) = &self.config.store {
            let store = CredentialStore::new(path.clone());
            for credential in off_runtime(path, move || store.load()).await? {
                keys.by_cell.insert(credential.cell.clone(), credential);
            }
        }
        keys.loaded = true;
        Ok(())
    }

    async fn save(&self, keys: &Keys) -> Result<(), SigningError> {
        let Some(path) = &self.config.store else { return Ok(()) };
        let store = CredentialStore::new(path.clone());
        let credentials = keys.by_cell.values().cloned().collect();
        off_runtime(path, move || store.save(credentials)).await
    }
}

/// A cell in the words of its hashes.
fn cell_name(cell: &CellId) -> String {
    format!("{}:{}", cell.dna_hash(), cell.agent_pubkey())
}

fn credentials_of(stored: &StoredCredential) -> Credentials {
    let key = SigningKey::from_bytes(&stored.seed);
    let public = key.verifying_key();
    Credentials {
        provenance: AgentPubKey::from_raw_32(public.as_bytes().to_vec()),
        cap_secret: CapSecret::try_from(stored.cap_secret.as_slice()).ok(),
        key: Key::Own(Box::new(key)),
    }
}
