//! An embedded Holochain conductor: runs zomes built with the HDK on one machine, without a network, in milliseconds.
//!
//! It stands on the parts of Holochain 0.7.1 that are libraries (source chain, DHT store, databases, wire and bundle types)
//! and runs WASM in an interpreter. To its clients it is a `holochain`: the same admin and app interfaces, the same errors,
//! and with a data directory the same apps, chains and keys after a restart. What needs other machines is refused, or
//! honestly empty; `DIVERGENCES.md` beside the crate lists every difference.
//!
//! Start with [`DevConductor`]. Inside, `wasm` runs guests, `host` answers what they ask, `workflow` is what surrounds a
//! call, `conductor` is the life of apps and cells, `interface` serves clients.

mod conductor;
mod decode;
#[doc(hidden)]
pub mod decoding;
mod error;
mod handle;
mod host;
mod interface;
mod ribosome;
mod wasm;
mod workflow;

pub use conductor::{Config, DEFAULT_FUEL, DEFAULT_MEMORY, DataDirectory, Passphrase};
pub use error::StartError;
pub use handle::DevConductor;
