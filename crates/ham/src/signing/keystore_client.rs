//! One link to a keystore, shared by everyone who signs with it.

use std::fmt;
use std::sync::Arc;

use ham_persistent::{Config, Randomness};

use super::keystore::Keystore;
use super::lair_signer::LairSigner;
use crate::config::default_retry;
use crate::entropy::{self, SystemEntropy};

/// A client of a keystore, to be shared by the connections to several apps of one conductor
/// ([`Signing::KeystoreClient`](super::Signing::KeystoreClient)). Cheap to clone; all clones share one link, which is
/// unlocked once.
///
/// The link is dialled at once and again whenever it dies, with the pauses of [`default_retry`]. A connection that signs with it
/// leaves the link open when it closes. Dropping the last clone closes it, and so does [`close`](Self::close).
#[derive(Clone)]
pub struct KeystoreClient {
    pub(super) signer: Arc<LairSigner>,
}

impl KeystoreClient {
    /// A client of the keystore, for instance a [`LairSigning`](super::LairSigning). Must be called within a Tokio runtime.
    pub fn new(keystore: impl Keystore) -> Self {
        let jitter = entropy::jitter(&SystemEntropy);
        Self::with_parts(Arc::new(keystore), Config::default().with_retry(default_retry()), jitter)
    }

    pub(super) fn with_parts(keystore: Arc<dyn Keystore>, config: Config, jitter: Randomness) -> Self {
        Self { signer: Arc::new(LairSigner::new(keystore, config, jitter)) }
    }

    /// Where the keystore is, without query and credentials.
    pub fn url(&self) -> &str {
        &self.signer.url
    }

    /// Closes it for all clones. Signing fails with [`SigningError::Closed`](crate::SigningError::Closed) from then on.
    ///
    /// # Cancel safety
    /// Closing continues if the future is dropped.
    pub async fn close(&self) {
        self.signer.close().await;
    }
}

impl fmt::Debug for KeystoreClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeystoreClient").field(&self.url()).finish()
    }
}
