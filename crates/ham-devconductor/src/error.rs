//! Why a request fails, and why a conductor does not start.
//!
//! Clients match on the text of a conductor's errors, so types, names and texts follow `holochain` 0.7.1: whatever a request fails
//! with here reads as it does there. Each error contains those of the layers below it. The errors that a program embedding the
//! conductor sees ([`StartError`], [`InstallError`], [`ReplaceError`], [`AttachError`]) are ours.

mod api;
mod cell;
mod conductor;
mod dump;
mod install;
mod load;
mod outcome;
mod port;
mod ribosome;
mod snapshot;
mod start;
mod workflow;

pub(crate) use api::ApiError;
pub(crate) use cell::{CellError, GenesisError, InitResult};
pub(crate) use conductor::{CellUnavailableReason, ConductorError, InterfaceError};
pub(crate) use load::LoadError;
pub(crate) use outcome::{MAX_TAG_SIZE, Outcome};
pub(crate) use ribosome::{NoZome, RibosomeError};
pub(crate) use workflow::WorkflowError;

pub use dump::DumpError;
pub use install::{AttachError, InstallError, ReplaceError};
pub use snapshot::SnapshotError;
pub use start::StartError;

/// The cause of an error, in the words of the library or of the conductor that reports it.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;
