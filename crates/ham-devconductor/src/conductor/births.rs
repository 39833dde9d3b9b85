//! Cells that are about to be: their chains begin before their app has them, so that no end without notice leaves an app with a
//! cell that has no chain.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use holo_hash::DnaHash;
use holochain_types::prelude::CellId;

/// Each cell is made by one at a time.
#[derive(Debug, Default)]
pub(super) struct Births(Mutex<HashSet<CellId>>);

/// Of some cells. It ends with this.
#[derive(Debug)]
pub(super) struct Birth<'a> {
    births: &'a Births,
    cells: Vec<CellId>,
}

impl Births {
    /// Stores of their DNAs stay until its end.
    ///
    /// # Errors
    /// A cell that somebody else makes.
    pub(super) fn begin(&self, cells: Vec<CellId>) -> Result<Birth<'_>, CellId> {
        let mut begun = self.cells();
        if let Some(cell) = cells.iter().find(|cell| begun.contains(cell)) {
            return Err(cell.clone());
        }
        begun.extend(cells.iter().cloned());
        Ok(Birth { births: self, cells })
    }

    /// Whether a cell of this DNA is about to be.
    pub(super) fn have(&self, dna: &DnaHash) -> bool {
        self.cells().iter().any(|cell| cell.dna_hash() == dna)
    }

    fn cells(&self) -> MutexGuard<'_, HashSet<CellId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Birth<'_> {
    /// Ends it; answers whose it was.
    pub(super) fn end(self) -> Vec<CellId> {
        self.cells.clone()
    }
}

impl Drop for Birth<'_> {
    fn drop(&mut self) {
        self.births.cells().retain(|cell| !self.cells.contains(cell));
    }
}
