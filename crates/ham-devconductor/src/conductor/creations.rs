//! Cells that are being created: their chains begin before their app has them, so that a sudden end never leaves an app
//! with a cell that has no chain.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use holo_hash::DnaHash;
use holochain_types::prelude::CellId;
use tokio_util::sync::CancellationToken;

/// Each cell is created by only one task at a time.
#[derive(Debug, Default)]
pub(super) struct Creations(Mutex<HashMap<CellId, CancellationToken>>);

/// The creation of some cells, until this is dropped.
#[derive(Debug)]
pub(super) struct Creation<'a> {
    creations: &'a Creations,
    cells: Vec<CellId>,
    /// Cancelled when one of the cells is no longer wanted.
    ended: CancellationToken,
}

impl Creations {
    /// Begins the creation of these cells. The stores of their DNAs stay until it ends.
    ///
    /// # Errors
    /// Somebody else is creating one of the cells.
    pub(super) fn begin(&self, cells: Vec<CellId>) -> Result<Creation<'_>, CellId> {
        let mut begun = self.cells();
        if let Some(cell) = cells.iter().find(|cell| begun.contains_key(cell)) {
            return Err(cell.clone());
        }
        let ended = CancellationToken::new();
        begun.extend(cells.iter().map(|cell| (cell.clone(), ended.clone())));
        Ok(Creation { creations: self, cells, ended })
    }

    /// Whether a cell of this DNA is being created.
    pub(super) fn have(&self, dna: &DnaHash) -> bool {
        self.cells().keys().any(|cell| cell.dna_hash() == dna)
    }

    /// Their app is being removed: whatever runs in them ends.
    pub(super) fn cut_off(&self, cells: &[CellId]) {
        let begun = self.cells();
        cells.iter().filter_map(|cell| begun.get(cell)).for_each(CancellationToken::cancel);
    }

    fn cells(&self) -> MutexGuard<'_, HashMap<CellId, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Creation<'_> {
    /// Cancelled when the app of the cells is removed.
    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Ends the creation; returns its cells.
    pub(super) fn end(self) -> Vec<CellId> {
        self.cells.clone()
    }
}

impl Drop for Creation<'_> {
    fn drop(&mut self) {
        self.creations.cells().retain(|cell, _| !self.cells.contains(cell));
    }
}
