//! The host functions: what a zome may ask of the conductor, depending on what it is running for.

mod access;
mod call;
mod chain;
mod clone;
mod context;
mod crypto;
mod entry_defs;
mod info;
mod must;
mod read;
mod refusal;
mod remote;

pub(crate) use access::{Access, CellAccess};
pub(crate) use context::CallContext;
pub(crate) use entry_defs::EntryDefsHost;
