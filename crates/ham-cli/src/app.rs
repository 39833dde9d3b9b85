//! An app's cells and state, as the commands show them.

use ham::holochain_client::{AppInfo, CellId, CellInfo};
use holochain_types::prelude::{AppStatus, DisabledAppReason};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

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

/// The cells of an app, both provisioned ones and clones, in the order of the manifest's roles.
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

/// The id of an app to install: not empty, and without characters that control a terminal.
///
/// # Errors
/// It is empty, or contains such characters.
pub(crate) fn id(id: String) -> Result<String, Failure> {
    let wrong = match id.as_str() {
        "" => "it is empty",
        id if id.trim() != id => "it begins or ends with a space",
        id if id.contains(char::is_control) => "it contains a control character",
        _ => return Ok(id),
    };
    Err(Failure::usage(format!("{:?} is not a valid app ID: {wrong}", ham::masked(&id)), "choose another id"))
}

impl Cell {
    /// Whether it is the role's own cell, not a clone.
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

/// That an app does not run and, after a colon, what to do about it; `None` if it is enabled.
pub(crate) fn standstill(info: &AppInfo) -> Option<(String, String)> {
    let id = &info.installed_app_id;
    let remedy = match &info.status {
        AppStatus::Enabled => return None,
        AppStatus::Disabled(_) => format!("enable the app with `ham app enable {id}`"),
        AppStatus::AwaitingMemproofs => {
            format!(
                "provide them with `ham app memproofs --app-id {id} ROLE=FILE …`, then run `ham app enable {id}`"
            )
        }
        AppStatus::AwaitingRestore => "wait until the restore is done".to_owned(),
        AppStatus::Unrecoverable(..) => {
            format!("remove it with `ham app uninstall {id}`, and install it again")
        }
    };
    Some((format!("the app `{id}` is {}", status(&info.status)), remedy))
}

/// That an app was installed without the membrane proofs that it waits for, and how to provide them.
pub(crate) fn awaits_proofs(info: &AppInfo) -> Option<String> {
    let (why, remedy) = standstill(info).filter(|_| info.status == AppStatus::AwaitingMemproofs)?;
    Some(format!("{why}: {remedy}; `ham app install --roles-settings FILE` installs an app with its proofs"))
}

/// Why an app must not be disabled: it awaits membrane proofs, and has no chains to come back to.
pub(crate) fn ruined_by_disabling(info: &AppInfo) -> Option<Failure> {
    let (why, _) = standstill(info).filter(|_| info.status == AppStatus::AwaitingMemproofs)?;
    let id = &info.installed_app_id;
    let advice = format!(
        "it is not running, and disabling it would make it unusable. Provide its proofs with `ham app memproofs --app-id {id} \
         ROLE=FILE …`, or remove it with `ham app uninstall {id}`"
    );
    Some(Failure::new(Exit::Refused, anyhow::anyhow!("{why}, and was not disabled"), advice))
}

/// Warns if an app does not run: requests about it are answered all the same.
pub(crate) fn warn(output: Output, info: &AppInfo) {
    if let Some((why, remedy)) = standstill(info) {
        output.warning(&format!("{why}: {remedy}"));
    }
}

/// A conductor refuses requests about a cell that does not run with words about something else: this first explains why
/// the cell does not run.
pub(crate) fn explained(info: &AppInfo, cell: &Cell, mut failure: Failure) -> Failure {
    let clone = || {
        let (id, clone) = (&info.installed_app_id, &cell.name);
        let is_off = !cell.enabled;
        is_off.then(|| {
            (
                format!("the clone `{clone}` is disabled"),
                format!("enable it with `ham clone enable --app-id {id} {clone}`"),
            )
        })
    };
    match standstill(info).or_else(clone) {
        Some((why, remedy)) if failure.exit == Exit::Refused => {
            failure.advise(remedy);
            failure.about(why)
        }
        _ => failure,
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
