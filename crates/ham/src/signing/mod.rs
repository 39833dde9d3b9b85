//! Who signs zome calls, and with what authority.

mod client;
mod lair;
mod node;
mod progress;
mod store;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AgentPubKey, CapSecret, GrantedFunctions, Signature};
use lair_keystore_api::dependencies::sodoken::LockedArray;
use lair_keystore_api::types::SharedLockedArray;
use tokio::time::Instant;
use url::Url;

use crate::admin::Admin;
use crate::error::SigningError;
use crate::redact::REDACTED;

pub(crate) use client::ClientKeys;
pub(crate) use lair::LairSigner;
pub(crate) use node::{NodeError, lair_from_node, lock_passphrase};

/// How to reach the keystore that holds the cells' own agent keys.
#[derive(Clone)]
pub struct LairSigning {
    /// The keystore's IPC URL (`unix://…?k=<server_pubkey>`).
    pub connection_url: Url,
    /// The passphrase that unlocks it, in locked memory.
    pub passphrase: SharedLockedArray,
}

impl LairSigning {
    /// The keystore at `connection_url`. Trailing line feeds of the passphrase are removed: files end with one.
    ///
    /// # Errors
    /// When the URL does not parse; the text holds the URL.
    pub fn new(connection_url: &str, passphrase: Vec<u8>) -> anyhow::Result<Self> {
        let connection_url = Url::parse(connection_url)
            .map_err(|error| anyhow::anyhow!("Invalid lair connection URL: {connection_url}: {error}"))?;
        Ok(Self { connection_url, passphrase: lock_passphrase(passphrase) })
    }
}

impl fmt::Debug for LairSigning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LairSigning")
            .field("connection_url", &self.connection_url.as_str())
            .field("passphrase", &REDACTED)
            .finish()
    }
}

/// Keys of ham's own, each authorised by one capability grant on its cell's source chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientKeySigning {
    /// Where keys are kept between runs (mode 0600, written atomically); `None` keeps them in memory, so each run of
    /// the process grants once per cell.
    pub store: Option<PathBuf>,
    /// What a grant allows.
    pub functions: GrantedFunctions,
    /// How many grants may be written in the life of this value; `None` for no bound beyond one a cell.
    pub budget: Option<u32>,
}

impl Default for ClientKeySigning {
    fn default() -> Self {
        Self { store: None, functions: GrantedFunctions::All, budget: None }
    }
}

impl ClientKeySigning {
    /// Keeps the keys in `path` between runs.
    #[must_use]
    pub fn with_store(mut self, path: impl Into<PathBuf>) -> Self {
        self.store = Some(path.into());
        self
    }

    /// What a grant allows.
    #[must_use]
    pub fn with_functions(mut self, functions: GrantedFunctions) -> Self {
        self.functions = functions;
        self
    }

    /// How many grants may be written.
    #[must_use]
    pub fn with_budget(mut self, budget: u32) -> Self {
        self.budget = Some(budget);
        self
    }
}

/// Who signs.
///
/// # Default
/// Client keys in memory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Signing {
    /// The cells' own keys, in a lair keystore: no grant is ever written.
    Lair(LairSigning),
    /// Keys of ham's own: one grant per cell.
    ClientKeys(ClientKeySigning),
}

impl Default for Signing {
    fn default() -> Self {
        Self::ClientKeys(ClientKeySigning::default())
    }
}

/// In whose name a call is made.
pub(crate) struct Credentials {
    pub(crate) provenance: AgentPubKey,
    pub(crate) cap_secret: Option<CapSecret>,
    key: Key,
}

enum Key {
    /// Held by the keystore.
    Lair,
    /// Held by us.
    Own(Box<ed25519_dalek::SigningKey>),
}

/// The signer of one persistent connection.
pub(crate) enum Signer {
    Lair(LairSigner),
    ClientKeys(ClientKeys),
}

impl Signer {
    pub(crate) fn new(signing: &Signing, app_id: &str, admin: Option<Admin>) -> Self {
        match signing {
            Signing::Lair(lair) => Self::Lair(LairSigner::new(lair.clone())),
            Signing::ClientKeys(keys) => {
                Self::ClientKeys(ClientKeys::new(keys.clone(), app_id.to_owned(), admin))
            }
        }
    }

    /// The name of the way of signing, for logs.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Lair(_) => "lair",
            Self::ClientKeys(_) => "client",
        }
    }

    /// Whether calls to `cell` can be signed without asking the conductor first.
    pub(crate) fn is_ready(&self, cell: &CellId) -> bool {
        match self {
            Self::Lair(_) => true,
            Self::ClientKeys(keys) => keys.ready(cell).is_some(),
        }
    }

    /// In whose name calls to `cell` are made. May write a grant, once per cell.
    pub(crate) async fn credentials(
        &self,
        cell: &CellId,
        deadline: Instant,
    ) -> Result<Arc<Credentials>, SigningError> {
        match self {
            Self::Lair(_) => {
                let provenance = cell.agent_pubkey().clone();
                Ok(Arc::new(Credentials { provenance, cap_secret: None, key: Key::Lair }))
            }
            Self::ClientKeys(keys) => keys.credentials(cell, deadline).await,
        }
    }

    /// Proves that calls to `cell` can be signed: the keystore signs with the cell's key, or the grant of ham's own key is
    /// on the chain, asked for again even if it was found before. May write a grant, once per cell.
    pub(crate) async fn prove(&self, cell: &CellId, deadline: Instant) -> Result<(), SigningError> {
        match self {
            Self::Lair(lair) => lair.prove(cell.agent_pubkey(), deadline).await,
            Self::ClientKeys(keys) => {
                keys.doubt(cell);
                keys.credentials(cell, deadline).await.map(|_| ())
            }
        }
    }

    /// Signs the hash of a call.
    pub(crate) async fn sign(
        &self,
        credentials: &Credentials,
        hash: Vec<u8>,
        deadline: Instant,
    ) -> Result<Signature, SigningError> {
        match (self, &credentials.key) {
            (_, Key::Own(key)) => {
                use ed25519_dalek::Signer as _;
                Ok(Signature(key.sign(&hash).to_bytes()))
            }
            (Self::Lair(lair), Key::Lair) => lair.sign(&credentials.provenance, hash, deadline).await,
            (Self::ClientKeys(_), Key::Lair) => {
                Err(SigningError::NoKey("the key is in a keystore that is not configured".into()))
            }
        }
    }

    /// How many grants were written so far: one that is newer than a refused call may let it pass.
    pub(crate) fn granted(&self) -> u32 {
        match self {
            Self::Lair(_) => 0,
            Self::ClientKeys(keys) => keys.granted(),
        }
    }

    /// The conductor refused the authority of calls to this cell.
    pub(crate) fn doubt(&self, cell: &CellId) {
        if let Self::ClientKeys(keys) = self {
            keys.doubt(cell);
        }
    }

    /// Ends the keystore link.
    pub(crate) async fn close(&self) {
        if let Self::Lair(lair) = self {
            lair.close().await;
        }
    }
}

/// Moves bytes into locked memory.
fn locked(bytes: Vec<u8>) -> SharedLockedArray {
    Arc::new(Mutex::new(LockedArray::from(bytes)))
}
