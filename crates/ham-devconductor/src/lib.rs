#![doc = include_str!("../README.md")]

mod conductor;
mod config;
mod decode;
#[doc(hidden)]
pub mod decoding;
mod dialect;
mod error;
mod handle;
mod host;
mod interface;
mod release;
mod ribosome;
mod thread;
mod wasm;
mod workflow;

pub use config::{Config, DEFAULT_FUEL, DEFAULT_MEMORY, DataDirectory, Passphrase};
pub use error::StartError;
pub use handle::DevConductor;
pub use release::{Release, UnknownRelease};
