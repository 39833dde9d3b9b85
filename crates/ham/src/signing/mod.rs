//! Who signs zome calls, and with what authority.

mod config;
mod credential;
mod credentials;
mod fate;
mod file;
mod grant;
mod keeper;
mod keys;
mod keystore;
mod lair;
mod lair_signer;
mod look_up;
mod node;
mod passphrase;
mod progress;
mod ring;
mod secret_file;
mod signer;
mod store;

pub use config::{ClientKeySigning, LairSigning, Signing};
pub(crate) use credentials::Credentials;
pub use keystore::{Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal};
pub(crate) use node::{NodeError, lair_from_node};
pub use secret_file::open_to_others;
pub(crate) use signer::{Signer, Surroundings};
pub use store::{CredentialFile, LockedCredentialFile, StoreFuture};
