//! The app's zome.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::event::Call;

/// What a function does.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trait {
    Read,
    Write,
    SlowWrite,
    /// Writes, then fails.
    Fail,
    /// Calls another cell, which calls this one's write; then fails.
    Nested,
    /// Writes and emits.
    Emit,
    /// Returns a large answer.
    Big,
    /// `init` itself.
    Init,
    NoFunction,
    NoZome,
}

/// What every function takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) call: Call,
    pub(crate) does: Trait,
    /// The number of bytes requested.
    pub(crate) size: u32,
    pub(crate) padding: ByteBuf,
}

/// What every function returns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Output {
    pub(crate) nonce: ByteBuf,
    pub(crate) padding: ByteBuf,
}

/// The name of the app's zome.
pub(crate) const ZOME: &str = "sim";
