#![doc = include_str!("../README.md")]

mod budget;
mod bundle;
mod cell;
mod clock;
mod conductor;
mod config;
mod decode;
#[doc(hidden)]
pub mod decoding;
mod dialect;
mod error;
mod faults;
mod handle;
mod host;
mod interface;
mod life;
mod release;
mod ribosome;
mod run;
mod signals;
mod stores;
mod thread;
mod wasm;
mod work;
mod workflow;

pub use config::{Config, DEFAULT_FUEL, DEFAULT_MEMORY, DataDirectory, Passphrase};
pub use error::{AttachError, InstallError, SnapshotError, StartError};
pub use faults::UnknownHostFunction;
pub use handle::{DevConductor, Snapshot};
pub use release::{Release, UnknownRelease};
