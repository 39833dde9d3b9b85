//! Which cells the addresses mean, as they were found last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ham::CallTarget;
use holochain_conductor_api::{AppInfo, CellInfo};
use holochain_zome_types::prelude::{CellId, DnaHash};

/// A cell, and the role that it has in its app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) role: String,
    id: CellId,
}

impl Cell {
    pub(super) fn target(&self) -> CallTarget {
        CallTarget::Cell(self.id.clone())
    }

    /// The app's cell of this DNA; clones are not meant.
    pub(super) fn of(app: &AppInfo, dna: &DnaHash) -> Option<Self> {
        app.cell_info.iter().find_map(|(role, cells)| {
            cells.iter().find_map(|cell| match cell {
                CellInfo::Provisioned(cell) if cell.cell_id.dna_hash() == dna => {
                    Some(Self { role: role.clone(), id: cell.cell_id.clone() })
                }
                CellInfo::Provisioned(_) | CellInfo::Cloned(_) | CellInfo::Stem(_) => None,
            })
        })
    }
}

/// Which cells the addresses mean, as they were found last: as many as the apps that are served have cells.
#[derive(Debug, Default)]
pub(crate) struct Cells(Mutex<HashMap<(String, DnaHash), Cell>>);

impl Cells {
    pub(super) fn get(&self, app: &str, dna: &DnaHash) -> Option<Cell> {
        self.cells().get(&(app.to_owned(), dna.clone())).cloned()
    }

    pub(super) fn learn(&self, app: &str, dna: &DnaHash, cell: Cell) {
        self.cells().insert((app.to_owned(), dna.clone()), cell);
    }

    /// It is not there any more.
    pub(super) fn forget(&self, app: &str, dna: &DnaHash) {
        self.cells().remove(&(app.to_owned(), dna.clone()));
    }

    fn cells(&self) -> MutexGuard<'_, HashMap<(String, DnaHash), Cell>> {
        // What is in it is whole at any moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
