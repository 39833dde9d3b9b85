//! Who signs zome calls, and with what authority.

mod config;
mod credential;
mod credential_store;
mod credentials;
mod fate;
mod file;
mod grant;
mod keys;
mod keystore;
mod keystore_client;
#[cfg_attr(not(feature = "lair"), path = "signing/no_lair.rs")]
mod lair;
mod lair_signer;
mod look_up;
mod node_error;
mod progress;
mod ring;
mod secret_file;
mod signer;
mod store;

pub use config::{ClientKeySigning, Signing};
pub(crate) use credentials::Credentials;
pub use keystore::{Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal};
pub use keystore_client::KeystoreClient;
pub use lair::LairSigning;
pub(crate) use lair::lair_from_node;
pub(crate) use node_error::NodeError;
pub use secret_file::{how_to_close, open_to_others};
pub(crate) use signer::{Signer, SignerContext};
pub use store::{CredentialFile, LockedCredentialFile, StoreFuture};
