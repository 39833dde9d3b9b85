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
mod limits;
mod lossy;
mod observe;
mod release;
mod ribosome;
mod run;
mod signals;
mod stores;
mod thread;
mod wasm;
mod work;
mod workflow;

pub use clock::TooLate;
pub use conductor::{MAX_RUNS, MAX_RUNS_TIME, OpenedDump, PassLimit, Passed, Skipped};
pub use config::{
    Config, DEFAULT_CONNECTIONS, DEFAULT_INCOMING_BYTES, DEFAULT_MESSAGE_TIME, DataDirectory, Passphrase,
};
pub use error::{AttachError, DumpError, InstallError, ReplaceError, SnapshotError, StartError};
pub use faults::{ActiveFaults, UnknownHostFunction};
pub use handle::{DevConductor, Observer, Snapshot, ViewError, ZomeView};
pub use limits::{
    DEFAULT_CALL_DEPTH, DEFAULT_CALL_TIME, DEFAULT_CALLS, DEFAULT_FUEL, DEFAULT_LOG_BYTES, DEFAULT_MEMORY,
    DEFAULT_SIGNAL_BYTES, DEFAULT_STAGED_BYTES, Limits, RECORD_BYTES,
};
pub use observe::{CallId, Event, FailureKind, MAX_SHOWN, Missed, Outcome, Payload, Phase, Told, Watch};
pub use release::{Release, UnknownRelease};
pub use stores::TemporaryDirectory;
