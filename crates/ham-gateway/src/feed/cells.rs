//! Which role a cell has.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ham::PersistentHam;
use holochain_conductor_api::CellInfo;
use holochain_zome_types::cell::CellId;

/// The roles of an app's cells, as the conductor listed them last.
#[derive(Debug, Default)]
pub(super) struct Cells {
    roles: HashMap<CellId, String>,
    /// Cells that the conductor did not list when it was asked.
    strange: HashSet<CellId>,
}

impl Cells {
    /// The role of a cell, or the clone's id. Asks the conductor if it is not known, once per cell and link.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn role(&mut self, ham: &PersistentHam, cell: &CellId) -> Option<String> {
        if !self.roles.contains_key(cell) && !self.strange.contains(cell) {
            self.ask(ham).await;
            if !self.roles.contains_key(cell) && self.strange.len() < MOST_STRANGE {
                self.strange.insert(cell.clone());
            }
        }
        self.roles.get(cell).cloned()
    }

    /// The cell of a role.
    pub(super) fn of_role(&self, role: &str) -> Option<&CellId> {
        self.roles.iter().find(|(_, known)| *known == role).map(|(cell, _)| cell)
    }

    /// All cells that have a role.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&CellId, &str)> {
        self.roles.iter().map(|(cell, role)| (cell, role.as_str()))
    }

    /// All roles and clones that are known.
    pub(super) fn all(&self) -> HashSet<&str> {
        self.roles.values().map(String::as_str).collect()
    }

    /// Asks the conductor.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(super) async fn ask(&mut self, ham: &PersistentHam) {
        let Ok(Ok(info)) = tokio::time::timeout(APP_INFO_TIMEOUT, ham.app_info()).await else { return };
        self.strange.clear();
        self.roles.clear();
        for (role, cells) in info.cell_info {
            for cell in cells {
                let (cell, role) = match cell {
                    CellInfo::Provisioned(cell) => (cell.cell_id, role.clone()),
                    CellInfo::Cloned(cell) => (cell.cell_id, cell.clone_id.to_string()),
                    CellInfo::Stem(_) => continue,
                };
                self.roles.insert(cell, role);
            }
        }
    }
}

/// How long the conductor may take to answer; meanwhile signals wait in their bounded queue.
const APP_INFO_TIMEOUT: Duration = Duration::from_secs(5);
/// Cells without a role about which the conductor is not asked again.
const MOST_STRANGE: usize = 1024;
