//! Changes to be written.

use tokio::sync::oneshot;

use super::call::Call;
use super::error::StoreError;
use super::tables::Accepted;

/// A change to be written, and who waits for it.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) change: Change,
    pub(super) done: oneshot::Sender<Result<Accepted, StoreError>>,
}

#[derive(Debug)]
pub(super) enum Change {
    /// Enter it, unless its key is taken.
    Accept(Box<Call>),
    /// Write it over its previous state.
    Write(Box<Call>),
    /// The same, and free its key.
    Release(Box<Call>),
    /// Forget calls that are not kept beyond this time.
    Sweep(i64),
    /// Nothing; the sender found that the file cannot be read.
    Look,
}
