//! The apps, their roles, and the agents that have cells in them.

use std::collections::HashMap;

use ham_devconductor::{Observer, ViewError};
use holo_hash::{AgentPubKey, DnaHash};
use holochain_conductor_api::{AppInfo, CellInfo};
use holochain_types::app::{AppManifest, AppStatus};
use holochain_types::prelude::CellId;
use serde_json::{Value, json};

/// An overview of the apps. Installations of one bundle are one app, each with an agent of its own.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    apps: Vec<App>,
    agents: Vec<AgentPubKey>,
}

#[derive(Debug)]
struct App {
    /// The id of the first installation.
    id: String,
    roles: Vec<(String, DnaHash)>,
    status: &'static str,
    why: Option<String>,
    cells: Vec<Cell>,
}

/// One cell of an app.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) role: String,
    pub(crate) id: CellId,
    /// The installation that it belongs to.
    pub(crate) installed: String,
    runs: bool,
}

impl Directory {
    pub(crate) async fn of(observer: &Observer) -> Result<Self, ViewError> {
        let running = observer.running()?;
        let mut directory = Self::default();
        for info in observer.apps().await? {
            directory.add(&info, &running);
        }
        Ok(directory)
    }

    fn add(&mut self, info: &AppInfo, running: &[CellId]) {
        if !self.agents.contains(&info.agent_pub_key) {
            self.agents.push(info.agent_pub_key.clone());
        }
        let (status, why) = status(&info.status);
        let cell = |(role, id): (String, CellId)| {
            let runs = running.contains(&id);
            Cell { role, id, installed: info.installed_app_id.clone(), runs }
        };
        let cells: Vec<Cell> = cells(info).into_iter().map(cell).collect();
        let dnas: Vec<&DnaHash> = provisioned(info).collect();
        let same = self.apps.iter_mut().find(|app| {
            dnas.iter().all(|dna| app.roles.iter().any(|(_, known)| known == *dna))
                && cells.iter().all(|cell| app.cells.iter().all(|known| known.id != cell.id))
        });
        let app = match same {
            Some(app) => app,
            None => {
                let id = info.installed_app_id.clone();
                self.apps.push(App { id, roles: Vec::new(), status, why, cells: Vec::new() });
                let Some(app) = self.apps.last_mut() else { return };
                app
            }
        };
        for cell in cells {
            let role = (cell.role.clone(), cell.id.dna_hash().clone());
            if !app.roles.contains(&role) {
                app.roles.push(role);
            }
            app.cells.push(cell);
        }
    }

    /// The DNA of a role or a clone of an app.
    pub(crate) fn dna(&self, app: &str, role: &str) -> Option<&DnaHash> {
        let app = self.app(app)?;
        app.roles.iter().find(|(name, _)| name == role).map(|(_, dna)| dna)
    }

    /// The cell that a role has for an agent; if no agent is named, for the first that has one.
    pub(crate) fn cell(&self, app: &str, role: &str, agent: Option<&AgentPubKey>) -> Option<&Cell> {
        let mut cells = self.app(app)?.cells.iter().filter(|cell| cell.role == role);
        match agent {
            Some(agent) => cells.find(|cell| cell.id.agent_pubkey() == agent),
            None => cells.next(),
        }
    }

    /// The app with this id, which can be that of any of its installations.
    fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id || app.cells.iter().any(|cell| cell.installed == id))
    }

    /// All cells of a DNA.
    pub(crate) fn cells_of<'a>(&'a self, dna: &'a DnaHash) -> impl Iterator<Item = &'a Cell> {
        self.apps.iter().flat_map(|app| &app.cells).filter(move |cell| cell.id.dna_hash() == dna)
    }

    /// In the form that the page uses; `heads` are the last actions of the known cells.
    pub(crate) fn json(&self, heads: &HashMap<CellId, (u32, i64)>) -> (Value, Value) {
        let apps = self.apps.iter().map(|app| {
            let roles = app.roles.iter().map(
                |(role, dna)| json!({ "role": role, "dna": dna.to_string(), "clone": role.contains('.') }),
            );
            json!({ "id": app.id, "status": app.status, "why": app.why, "roles": roles.collect::<Vec<_>>() })
        });
        let agents = self.agents.iter().enumerate().map(|(index, agent)| {
            let cells = self.apps.iter().flat_map(|app| app.cells.iter().map(move |cell| (app, cell)));
            let cells = cells.filter(|(_, cell)| cell.id.agent_pubkey() == agent).map(|(app, cell)| {
                let head = heads.get(&cell.id);
                json!({
                    "app": app.id, "installed": cell.installed, "role": cell.role,
                    "status": if cell.runs { "running" } else { "stopped" },
                    "head": head.map(|(seq, _)| seq), "last_at": head.map(|(_, at)| at),
                })
            });
            json!({ "index": index, "name": name(index), "key": agent.to_string(), "cells": cells.collect::<Vec<_>>() })
        });
        (apps.collect(), agents.collect())
    }
}

/// The cells of an installation with their roles; clones have roles of their own.
fn cells(info: &AppInfo) -> Vec<(String, CellId)> {
    let all = info.cell_info.iter().flat_map(|(role, cells)| cells.iter().map(move |cell| (role, cell)));
    let known = all.filter_map(|(role, cell)| match cell {
        CellInfo::Provisioned(cell) => Some((role.clone(), cell.cell_id.clone())),
        CellInfo::Cloned(cell) => Some((cell.clone_id.to_string(), cell.cell_id.clone())),
        CellInfo::Stem(_) => None,
    });
    let mut cells: Vec<_> = known.collect();
    // Upstream keeps roles in no particular order; their author chose one.
    let AppManifest::V0(manifest) = &info.manifest;
    let place = |role: &str| {
        manifest.roles.iter().position(|listed| role.split('.').next() == Some(listed.name.as_str()))
    };
    cells.sort_by_key(|(role, _)| place(role));
    cells
}

fn provisioned(info: &AppInfo) -> impl Iterator<Item = &DnaHash> {
    info.cell_info.values().flatten().filter_map(|cell| match cell {
        CellInfo::Provisioned(cell) => Some(cell.cell_id.dna_hash()),
        CellInfo::Cloned(_) | CellInfo::Stem(_) => None,
    })
}

fn status(status: &AppStatus) -> (&'static str, Option<String>) {
    match status {
        AppStatus::Enabled => ("enabled", None),
        AppStatus::Disabled(why) => ("disabled", Some(format!("{why:?}"))),
        AppStatus::AwaitingMemproofs => ("awaiting_memproofs", None),
        AppStatus::AwaitingRestore => ("awaiting_restore", None),
        AppStatus::Unrecoverable(..) => ("unrecoverable", None),
    }
}

/// Agents have no names of their own; these are short, and differ in their first letter.
fn name(index: usize) -> String {
    const NAMES: [&str; 12] =
        ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy", "Karl", "Lena"];
    NAMES.get(index).map_or_else(|| format!("Agent {}", index + 1), |name| (*name).to_owned())
}
