//! An app's cells and state, as the commands show them.

use ham::holochain_client::{AppInfo, CellId, CellInfo};
use holochain_types::prelude::{AppStatus, DisabledAppReason};
use serde_json::{Value, json};

use crate::failure::Failure;

/// A cell of an app.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// The role, or for a clone `role.0`.
    pub(crate) name: String,
    pub(crate) cell_id: CellId,
    pub(crate) network_seed: String,
    pub(crate) enabled: bool,
    is_clone: bool,
}

/// The cells of an app, provisioned ones and clones, in the order of the manifest's roles.
pub(crate) fn cells(info: &AppInfo) -> Vec<Cell> {
    let order: Vec<_> = info.manifest.app_roles().into_iter().map(|role| role.name).collect();
    let mut roles: Vec<_> = info.cell_info.iter().collect();
    roles.sort_by_key(|(role, _)| order.iter().position(|known| known == *role));
    roles
        .into_iter()
        .flat_map(|(role, cells)| cells.iter().map(move |cell| (role, cell)))
        .filter_map(|(role, cell)| match cell {
            CellInfo::Provisioned(cell) => Some(Cell {
                name: role.clone(),
                cell_id: cell.cell_id.clone(),
                network_seed: cell.dna_modifiers.network_seed.clone(),
                enabled: true,
                is_clone: false,
            }),
            CellInfo::Cloned(clone) => Some(Cell {
                name: clone.clone_id.to_string(),
                cell_id: clone.cell_id.clone(),
                network_seed: clone.dna_modifiers.network_seed.clone(),
                enabled: clone.enabled,
                is_clone: true,
            }),
            CellInfo::Stem(_) => None,
        })
        .collect()
}

/// The cells of a role or clone, or all of them.
///
/// # Errors
/// There is none of this name.
pub(crate) fn of_role(info: &AppInfo, role: Option<&str>) -> Result<Vec<Cell>, Failure> {
    let all = cells(info);
    let Some(role) = role else { return Ok(all) };
    let (wanted, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|cell| cell.name == role);
    if wanted.is_empty() {
        let known: Vec<_> = others.into_iter().map(|cell| cell.name).collect();
        return Err(Failure::usage(
            format!("the app `{}` has no role or clone `{}`", info.installed_app_id, ham::masked(role)),
            format!("it has {}", known.join(", ")),
        ));
    }
    Ok(wanted)
}

/// The id of an app to install: not empty, and nothing that a terminal obeys.
///
/// # Errors
/// It is neither.
pub(crate) fn id(id: String) -> Result<String, Failure> {
    let wrong = match id.as_str() {
        "" => "it is empty",
        id if id.trim() != id => "it begins or ends with a blank",
        id if id.contains(char::is_control) => "it has a control character",
        _ => return Ok(id),
    };
    Err(Failure::usage(
        format!("{:?} cannot be the id of an app: {wrong}", ham::masked(&id)),
        "choose another id",
    ))
}

impl Cell {
    /// Whether it is a role's own, and no clone.
    pub(crate) fn is_provisioned(&self) -> bool {
        !self.is_clone
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "role": self.name,
            "dna": self.cell_id.dna_hash().to_string(),
            "agent": self.cell_id.agent_pubkey().to_string(),
            "network_seed": self.network_seed,
            "enabled": self.enabled,
        })
    }
}

/// An app's state, in one word and, for some, a reason.
pub(crate) fn status(status: &AppStatus) -> String {
    match status {
        AppStatus::Enabled => "enabled".into(),
        AppStatus::Disabled(reason) => format!("disabled ({})", disabled(reason)),
        AppStatus::AwaitingMemproofs => "awaiting membrane proofs".into(),
        AppStatus::AwaitingRestore => "restoring its source chains".into(),
        AppStatus::Unrecoverable(_, reason) => format!("unrecoverable ({reason:?})"),
    }
}

/// What to do about an app that is not enabled; `None` when it is.
pub(crate) fn remedy(status: &AppStatus) -> Option<&'static str> {
    match status {
        AppStatus::Enabled => None,
        AppStatus::Disabled(_) => Some("enable the app with `ham app enable ID`"),
        AppStatus::AwaitingMemproofs => Some("provide the app's membrane proofs, then enable it"),
        AppStatus::AwaitingRestore => Some("wait until the restore is done"),
        AppStatus::Unrecoverable(..) => Some("uninstall the app and install it again"),
    }
}

fn disabled(reason: &DisabledAppReason) -> String {
    match reason {
        DisabledAppReason::NeverStarted => "never started".into(),
        DisabledAppReason::NotStartedAfterProvidingMemproofs => {
            "not started after its membrane proofs".into()
        }
        DisabledAppReason::User => "by its user".into(),
        DisabledAppReason::Error(why) => format!("after an error: {why}"),
    }
}
