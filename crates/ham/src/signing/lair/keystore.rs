//! A lair keystore at its socket.

use std::fmt;
use std::sync::Arc;

use ham_session::shown_url;
use lair_keystore_api::config::get_server_pub_key_from_connection_url;
use lair_keystore_api::ipc_keystore_connect;
use lair_keystore_api::lair_client::LairClient;
use lair_keystore_api::types::SharedLockedArray;
use url::Url;

use super::passphrase::lock_passphrase;
use crate::redact::REDACTED;
use crate::signing::keystore::{Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal};

/// How to reach the keystore that holds the cells' own agent keys.
#[derive(Clone)]
pub struct LairSigning {
    /// The keystore's IPC URL (`unix://…?k=<server_pubkey>`).
    pub connection_url: Url,
    /// The passphrase that unlocks it, in locked memory.
    pub passphrase: SharedLockedArray,
}

impl LairSigning {
    /// The keystore at `connection_url`. Trailing line feeds of the passphrase are removed, because files end with one.
    ///
    /// # Errors
    /// When the URL does not parse; the text does not repeat it.
    pub fn new(connection_url: &str, passphrase: Vec<u8>) -> anyhow::Result<Self> {
        let connection_url = Url::parse(connection_url)
            .map_err(|error| anyhow::anyhow!("Invalid lair connection URL: {error}"))?;
        Ok(Self { connection_url, passphrase: lock_passphrase(passphrase) })
    }
}

impl fmt::Debug for LairSigning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LairSigning")
            .field("connection_url", &Keystore::url(self))
            .field("passphrase", &REDACTED)
            .finish()
    }
}

impl Keystore for LairSigning {
    fn url(&self) -> String {
        match self.connection_url.scheme() {
            "unix" => format!("unix://{}", self.connection_url.path()),
            _ => shown_url(&self.connection_url),
        }
    }

    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>> {
        Box::pin(async {
            let url = self.connection_url.clone();
            let unlocked = ipc_keystore_connect(url.clone(), self.passphrase.clone()).await;
            let client = unlocked.map_err(|error| refusal(&error.to_string()))?;
            let link: Arc<dyn KeystoreLink> = Arc::new(LairLink { client, url });
            Ok(link)
        })
    }
}

/// A link to a lair keystore.
struct LairLink {
    client: LairClient,
    url: Url,
}

impl KeystoreLink for LairLink {
    fn sign(&self, key: [u8; 32], message: Arc<[u8]>) -> KeystoreFuture<'_, Result<[u8; 64], String>> {
        Box::pin(async move {
            let signed = self.client.sign_by_pub_key(key.into(), None, message).await;
            signed.map(|signature| *signature.0).map_err(|error| error.to_string())
        })
    }

    fn hello(&self) -> KeystoreFuture<'_, Result<(), String>> {
        Box::pin(async {
            let key = get_server_pub_key_from_connection_url(&self.url).map_err(|error| error.to_string())?;
            self.client.hello(key).await.map(|_| ()).map_err(|error| error.to_string())
        })
    }

    fn shutdown(&self) -> KeystoreFuture<'_, ()> {
        Box::pin(async {
            // The link ends either way.
            let _ = self.client.shutdown().await;
        })
    }
}

/// A keystore refuses a wrong passphrase with an error of its own, or with that of the decryption that failed (`lair_keystore_api`
/// 0.7.1). Everything before the unlock is an error of the operating system or names the server's key. Tested on a real one.
fn refusal(why: &str) -> KeystoreRefusal {
    if why.contains("InvalidPassphrase") || why.contains("\"message\":\"internal\"") {
        KeystoreRefusal::BadPassphrase
    } else {
        KeystoreRefusal::Unreachable(why.to_owned())
    }
}
