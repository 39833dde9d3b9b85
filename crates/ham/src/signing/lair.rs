//! A lair keystore: its address and passphrase, its link, and how a node's own files name it.

mod keystore;
mod node;
mod passphrase;

pub use keystore::LairSigning;
pub(crate) use node::lair_from_node;
