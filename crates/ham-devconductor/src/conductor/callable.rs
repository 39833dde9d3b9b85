//! A cell while it can be called.

use std::sync::Arc;

use tokio_util::sync::DropGuard;

use crate::cell::Cell;

/// Dropping this stops it.
pub(super) struct Callable {
    cell: Arc<Cell>,
    _stopped: DropGuard,
}

impl Callable {
    pub(super) fn new(cell: Arc<Cell>) -> Self {
        cell.begin();
        Self { _stopped: cell.stopped().clone().drop_guard(), cell }
    }

    pub(super) fn cell(&self) -> Arc<Cell> {
        Arc::clone(&self.cell)
    }
}
