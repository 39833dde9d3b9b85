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
mod handle;
mod host;
mod interface;
mod life;
mod observe;
mod release;
mod ribosome;
mod run;
mod signals;
mod stores;
mod thread;
mod wasm;
mod workflow;

pub use config::{Config, DEFAULT_FUEL, DEFAULT_MEMORY, DataDirectory, Passphrase};
pub use error::{AttachError, InstallError, StartError};
pub use handle::{DevConductor, Observer, ViewError, ZomeView};
pub use observe::{CallId, Event, FailureKind, MAX_SHOWN, Missed, Outcome, Payload, Phase, Told, Watch};
pub use release::{Release, UnknownRelease};
