//! Which cell a role, a clone or a cell id refers to.

use std::fmt;

use ham_session::masked;
use holochain_conductor_api::{AppInfo, CellInfo};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::CloneId;
use serde::{Deserialize, Serialize};

use crate::error::CallError;

/// What a call is addressed to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallTarget {
    /// A role of the app, or one of its clones as `role.0`.
    Role(String),
    /// A cell by its id.
    Cell(CellId),
}

impl From<&str> for CallTarget {
    fn from(role: &str) -> Self {
        Self::Role(role.to_owned())
    }
}

impl From<String> for CallTarget {
    fn from(role: String) -> Self {
        Self::Role(role)
    }
}

impl From<CloneId> for CallTarget {
    fn from(clone: CloneId) -> Self {
        Self::Role(clone.0)
    }
}

impl From<CellId> for CallTarget {
    fn from(cell: CellId) -> Self {
        Self::Cell(cell)
    }
}

impl CallTarget {
    /// In a form fit to be shown: a caller may have passed a secret in place of a role.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Role(role) => masked(role),
            Self::Cell(_) => self.to_string(),
        }
    }
}

impl fmt::Display for CallTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => f.write_str(role),
            Self::Cell(cell) => write!(f, "{}:{}", cell.dna_hash(), cell.agent_pubkey()),
        }
    }
}

/// The cell of the app that is meant.
pub(crate) fn find(app: &AppInfo, target: &CallTarget) -> Option<CellId> {
    let meant = |name: &str, cell: &CellId| match target {
        CallTarget::Role(role) => role == name,
        CallTarget::Cell(wanted) => wanted == cell,
    };
    app.cell_info.iter().find_map(|(role, cells)| {
        cells.iter().find_map(|cell| {
            let (name, cell) = match cell {
                CellInfo::Provisioned(cell) => (role.as_str(), &cell.cell_id),
                CellInfo::Cloned(clone) => (clone.clone_id.0.as_str(), &clone.cell_id),
                CellInfo::Stem(_) => return None,
            };
            meant(name, cell).then(|| cell.clone())
        })
    })
}

/// The same as `find`.
///
/// # Errors
/// The app has no such cell.
pub(crate) fn known(app: &AppInfo, target: &CallTarget) -> Result<CellId, CallError> {
    find(app, target).ok_or_else(|| CallError::UnknownRole { role: target.to_string(), known: names(app) })
}

/// The cell that is meant now, if it is another one because the app was reinstalled.
pub(crate) fn moved(app: &AppInfo, target: &CallTarget, cell: &CellId) -> Option<CellId> {
    find(app, target).filter(|now| now != cell)
}

/// Every role and clone of the app, for error texts.
pub(crate) fn names(app: &AppInfo) -> String {
    let mut names: Vec<&str> = app
        .cell_info
        .iter()
        .flat_map(|(name, cells)| {
            cells.iter().map(move |cell| match cell {
                CellInfo::Cloned(clone) => clone.clone_id.0.as_str(),
                CellInfo::Provisioned(_) | CellInfo::Stem(_) => name.as_str(),
            })
        })
        .collect();
    // The conductor's order differs from app to app.
    names.sort_unstable();
    names.join(", ")
}

/// The first provisioned cell: what the one-cell API of `Ham` means by "the" cell.
pub(crate) fn first(app: &AppInfo) -> Option<CellId> {
    app.cell_info.values().flatten().find_map(|cell| match cell {
        CellInfo::Provisioned(cell) => Some(cell.cell_id.clone()),
        CellInfo::Cloned(_) | CellInfo::Stem(_) => None,
    })
}
