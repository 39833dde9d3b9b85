//! The keystore that holds agents' keys, as ham sees it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What the operations of a keystore return.
pub type KeystoreFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A keystore to dial. Ham keeps one link to it, bounds every step, redials when the link dies, and asks again when it gave no
/// signature: the implementation needs neither time-outs nor a loop.
pub trait Keystore: fmt::Debug + Send + Sync + 'static {
    /// Where it is, fit to be shown: no query, no credentials.
    fn url(&self) -> String;

    /// Dials and unlocks. Dropped if it takes too long (30 s), so it must be cancel-safe.
    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>>;
}

/// A live, unlocked link to a keystore.
pub trait KeystoreLink: Send + Sync + 'static {
    /// The ed25519 signature of `message` by the key with this public half. An error says why there is none, without secrets. Signing
    /// twice must be harmless. Dropped after 5 s.
    fn sign(&self, key: [u8; 32], message: Arc<[u8]>) -> KeystoreFuture<'_, Result<[u8; 64], String>>;

    /// Asks for a sign of life, to tell whether the link or the key is to blame for a missing signature.
    fn hello(&self) -> KeystoreFuture<'_, Result<(), String>>;

    /// Ends the link cleanly. Dropped after 5 s.
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
