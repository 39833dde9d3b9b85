//! Which cells the addresses mean, as found last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ham::CallTarget;
use holochain_conductor_api::{AppInfo, CellInfo};
use holochain_zome_types::prelude::{CellId, DnaHash};
use tokio::sync::{Semaphore, SemaphorePermit};

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

    /// The app's cell of this DNA; clones do not count.
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

/// Which cells the addresses mean, as found last: no more of them than the served apps have cells.
#[derive(Debug)]
pub(crate) struct Cells {
    found: Mutex<HashMap<(String, DnaHash), Cell>>,
    /// Places for requests that ask the conductor: requests for cells that do not exist must not keep it busy.
    asking: Semaphore,
}

impl Default for Cells {
    fn default() -> Self {
        Self { found: Mutex::default(), asking: Semaphore::new(ASKING) }
    }
}

impl Cells {
    /// A place to ask the conductor, until it is dropped.
    ///
    /// # Cancel safety
    /// Cancel-safe; a caller that comes back waits behind those already there.
    pub(super) async fn asking(&self) -> Option<SemaphorePermit<'_>> {
        self.asking.acquire().await.ok()
    }

    pub(super) fn get(&self, app: &str, dna: &DnaHash) -> Option<Cell> {
        self.cells().get(&(app.to_owned(), dna.clone())).cloned()
    }

    pub(super) fn learn(&self, app: &str, dna: &DnaHash, cell: Cell) {
        self.cells().insert((app.to_owned(), dna.clone()), cell);
    }

    /// It does not exist any more.
    pub(super) fn forget(&self, app: &str, dna: &DnaHash) {
        self.cells().remove(&(app.to_owned(), dna.clone()));
    }

    fn cells(&self) -> MutexGuard<'_, HashMap<(String, DnaHash), Cell>> {
        // The map is consistent at any moment.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many requests ask at a time.
const ASKING: usize = 4;
