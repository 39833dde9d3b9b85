#![doc = include_str!("../README.md")]
#![expect(clippy::mod_module_files, reason = "its modules are moved together with their splitting")]

mod conductor;
mod decode;
#[doc(hidden)]
pub mod decoding;
mod error;
mod handle;
mod host;
mod interface;
mod release;
mod ribosome;
mod thread;
mod wasm;
mod workflow;

pub use conductor::{Config, DEFAULT_FUEL, DEFAULT_MEMORY, DataDirectory, Passphrase};
pub use error::StartError;
pub use handle::DevConductor;
pub use release::{Release, UnknownRelease};
