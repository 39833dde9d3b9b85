//! The signer of one persistent connection.

use std::sync::Arc;

use ham_persistent::{RetryDelay, WallClock};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::Signature;
use tokio::time::Instant;

use super::config::Signing;
use super::credentials::{Credentials, Key};
use super::keys::ClientKeys;
use super::keystore::Keystore;
use super::keystore_client::KeystoreClient;
use crate::admin::Admin;
use crate::entropy::{self, Entropy};
use crate::error::SigningError;
use crate::memory::ProcessMemory;

/// What a signer shares with the connection it signs for.
pub(crate) struct SignerContext {
    pub(crate) admin: Option<Admin>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) memory: ProcessMemory,
    pub(crate) wall_clock: Arc<dyn WallClock>,
    /// The pauses between dials of the keystore.
    pub(crate) retry: RetryDelay,
}

/// The signer of one persistent connection.
pub(crate) enum Signer {
    Keystore {
        client: KeystoreClient,
        /// Whether others sign with it too: if so, its link outlives the connection.
        shared: bool,
    },
    ClientKeys(ClientKeys),
}

impl Signer {
    pub(crate) fn new(signing: &Signing, app_id: &str, context: SignerContext) -> Self {
        let keystore: Arc<dyn Keystore> = match signing {
            Signing::Lair(lair) => Arc::new(lair.clone()),
            Signing::Keystore(keystore) => keystore.clone(),
            Signing::KeystoreClient(client) => {
                return Self::Keystore { client: client.clone(), shared: true };
            }
            Signing::ClientKeys(keys) => {
                let SignerContext { admin, entropy, memory, wall_clock, .. } = context;
                let keys = keys.clone();
                let keys = ClientKeys::new(keys, app_id.to_owned(), admin, &memory, entropy, wall_clock);
                return Self::ClientKeys(keys);
            }
        };
        let config = ham_persistent::Config::default().with_retry(context.retry);
        let jitter = entropy::jitter(&*context.entropy);
        Self::Keystore { client: KeystoreClient::with_parts(keystore, config, jitter), shared: false }
    }

    /// The name of the way of signing, for logs.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Keystore { .. } => "lair",
            Self::ClientKeys(_) => "client",
        }
    }

    /// Whether calls to `cell` can be signed without asking the conductor first.
    pub(crate) fn is_ready(&self, cell: &CellId) -> bool {
        match self {
            Self::Keystore { .. } => true,
            Self::ClientKeys(keys) => keys.is_ready(cell),
        }
    }

    /// In whose name calls to `cell` are made. May write a grant, once per cell.
    pub(crate) async fn credentials(
        &self,
        cell: &CellId,
        deadline: Instant,
    ) -> Result<Arc<Credentials>, SigningError> {
        match self {
            Self::Keystore { .. } => {
                let provenance = cell.agent_pubkey().clone();
                Ok(Arc::new(Credentials { provenance, cap_secret: None, key: Key::Lair }))
            }
            Self::ClientKeys(keys) => keys.credentials(cell, deadline).await,
        }
    }

    /// In whose name calls to `cell` are already made; nothing is granted.
    pub(crate) async fn held(
        &self,
        cell: &CellId,
        deadline: Instant,
    ) -> Result<Option<Arc<Credentials>>, SigningError> {
        match self {
            Self::ClientKeys(keys) => keys.held(cell, deadline).await,
            _ => self.credentials(cell, deadline).await.map(Some),
        }
    }

    /// Proves that calls to `cell` can be signed: the keystore signs with the cell's key, or the grant for ham's own key is on the
    /// chain, looked up again even if it was found before. May write a grant, once per cell.
    pub(crate) async fn prove(&self, cell: &CellId, deadline: Instant) -> Result<(), SigningError> {
        match self {
            Self::Keystore { client, .. } => client.signer.prove(cell.agent_pubkey(), deadline).await,
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
            (Self::Keystore { client, .. }, Key::Lair) => {
                client.signer.sign(&credentials.provenance, hash, deadline).await
            }
            (Self::ClientKeys(_), Key::Lair) => {
                Err(SigningError::NoKey("the key is in a keystore that is not configured".into()))
            }
        }
    }

    /// How many grants have come into being so far: one that is newer than a refused call may let it pass.
    pub(crate) fn granted(&self) -> u32 {
        match self {
            Self::Keystore { .. } => 0,
            Self::ClientKeys(keys) => keys.granted(),
        }
    }

    /// Whether a call that this signs reaches a cell whose `init` is over: a conductor runs `init` before it writes a grant.
    pub(crate) fn proves_init(&self) -> bool {
        matches!(self, Self::ClientKeys(_))
    }

    /// The conductor refused the authority of calls to this cell.
    pub(crate) fn doubt(&self, cell: &CellId) {
        if let Self::ClientKeys(keys) = self {
            keys.doubt(cell);
        }
    }

    /// Begins to end the keystore link, unless others sign with it.
    pub(crate) fn begin_close(&self) {
        if let Self::Keystore { client, shared: false } = self {
            client.signer.begin_close();
        }
    }

    /// Resolves when the keystore link has ended, unless others sign with it.
    pub(crate) async fn close(&self) {
        if let Self::Keystore { client, shared: false } = self {
            client.close().await;
        }
    }
}
