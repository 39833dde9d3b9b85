//! What a cell has of its chain: the turn to write to it, its schedule, and its end.

use tokio::sync::{MutexGuard, Notify};
use tokio_util::sync::CancellationToken;

use super::Cell;

impl Cell {
    /// Its holder may write to the chain.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Notified when its zomes have scheduled something.
    pub(crate) fn scheduled(&self) -> &Notify {
        &self.turn.scheduled
    }

    /// The cell runs from now on.
    pub(crate) fn begin(&self) {
        self.turn.begin();
    }

    /// Cancelled when the cell is removed, with its app or as a clone. If it is only disabled, its calls run on, as in `holochain`.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.turn.ended()
    }
}
