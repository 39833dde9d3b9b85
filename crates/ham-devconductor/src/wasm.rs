//! Runs the WASM of zomes: loads modules, links the host functions, and speaks the guest's memory protocol.
//!
//! Nothing here knows Holochain beyond that protocol (`holochain_wasmer_common` 0.0.103): a [`Host`] answers, given a function and bytes.

mod cache;
mod engine;
mod failure;
mod function;
mod guest;
mod memory;
mod module;
mod share;

pub(crate) use cache::ModuleCache;
pub(crate) use failure::{RuntimeError, exceeded};
pub(crate) use function::HostFunction;
pub(crate) use module::{MAX_SPARES, Module};

use holochain_wasmer_common::WasmError;

/// Answers a guest's imports. Called on a blocking thread.
pub(crate) trait Host: Send + Sync + 'static {
    /// The encoded output of a host function for its encoded input.
    ///
    /// # Errors
    /// [`HostShortCircuit`](holochain_wasmer_common::WasmErrorInner::HostShortCircuit) ends the guest's function with the value it
    /// carries; every other error is passed to the guest.
    fn call(&self, function: HostFunction, input: &[u8]) -> Result<Vec<u8>, WasmError>;
}
