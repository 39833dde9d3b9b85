//! The keystore that holds agents' keys, as ham sees it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a keystore does.
pub type KeystoreFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a keystore is dialled. Ham keeps one link to it, bounds every step, dials again when the link dies, and asks again
/// when it gave no signature: the implementation needs neither time-outs nor a loop.
pub trait Keystore: fmt::Debug + Send + Sync + 'static {
    /// Where it is, fit to be shown: no query, no credentials.
    fn url(&self) -> String;

    /// Dials and unlocks. Dropped when it takes too long (30 s), so it must be cancel-safe.
    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>>;
}

/// A live, unlocked link to a keystore.
pub trait KeystoreLink: Send + Sync + 'static {
    /// The signature of `message` by the key with this public half, as ed25519. An error says why there is none, without
    /// secrets. Signing twice must be harmless. Dropped after 5 s.
    fn sign(&self, key: [u8; 32], message: Arc<[u8]>) -> KeystoreFuture<'_, Result<[u8; 64], String>>;

    /// Asks for a sign of life: whether the link is to blame for a signature that did not come, or the key.
    fn hello(&self) -> KeystoreFuture<'_, Result<(), String>>;

    /// Ends the link in good order. Dropped after 5 s.
    fn shutdown(&self) -> KeystoreFuture<'_, ()>;
}

/// Why there is no link to a keystore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeystoreRefusal {
    /// It refused the passphrase: dialling again does not help.
    BadPassphrase,
    /// It cannot be reached; the text says why, without secrets.
    Unreachable(String),
}
