//! What clients see of apps.

use holochain_conductor_api::{AppInfo, AppStatusFilter, CellInfo};
use holochain_types::app::{AppManifest, AppStatus, InstalledApp, InstalledAppId};
use holochain_types::prelude::{CellId, ZomeInfo};
use indexmap::IndexMap;

use super::Conductor;
use crate::error::ConductorError;

impl Conductor {
    /// What clients see of an app; `None` if it is not installed.
    pub(crate) async fn app_info(&self, id: &InstalledAppId) -> Result<Option<AppInfo>, ConductorError> {
        let state = self.apps().state();
        match state.get_app(id) {
            Ok(app) => Ok(Some(self.info_of(app).await?)),
            Err(_) => Ok(None),
        }
    }

    /// Built here rather than by upstream's function, which panics on a role that has no cell.
    pub(crate) async fn info_of(&self, app: &InstalledApp) -> Result<AppInfo, ConductorError> {
        let mut manifest = app.manifest().clone();
        let mut cell_info = IndexMap::new();
        for (role, assigned) in app.roles() {
            let mut cells = Vec::new();
            // A role of the strategy `clone_only` has no cell of its own.
            if let Some(dna) = assigned.provisioned_dna_hash() {
                let cell = CellId::new(dna.clone(), app.agent_key().clone());
                let definition = self.dnas().definition(&cell).await?;
                let AppManifest::V0(manifest) = &mut manifest;
                if let Some(listed) = manifest.roles.iter_mut().find(|listed| listed.name == *role) {
                    listed.dna.installed_hash = Some(definition.hash.clone().into());
                }
                let (modifiers, name) = (definition.modifiers.clone(), definition.name.clone());
                cells.push(CellInfo::new_provisioned(cell, modifiers, name));
            }
            let enabled = app.clone_cells_for_role_name(role).into_iter().flatten();
            let disabled = app.disabled_clone_cells_for_role_name(role).into_iter().flatten();
            let clones = enabled.map(|clone| (clone, true)).chain(disabled.map(|clone| (clone, false)));
            for ((id, cell), enabled) in clones {
                let definition = self.dnas().definition(&cell).await?;
                let (hash, modifiers) = (definition.hash.clone(), definition.modifiers.clone());
                let (id, name) = (id.clone(), definition.name.clone());
                cells.push(CellInfo::new_cloned(cell, id, hash, modifiers, name, enabled));
            }
            cell_info.insert(role.clone(), cells);
        }
        Ok(AppInfo {
            installed_app_id: app.id().clone(),
            cell_info,
            status: app.status().clone(),
            agent_pub_key: app.agent_key().clone(),
            manifest,
            installed_at: *app.installed_at(),
        })
    }

    /// What the zomes of a running cell say about themselves.
    pub(crate) fn zome_infos(&self, cell: &CellId) -> Vec<ZomeInfo> {
        let running = self.running().into_iter().find(|running| running.id() == cell);
        running.map(|cell| cell.ribosome().zome_infos().cloned().collect()).unwrap_or_default()
    }

    /// Newest first.
    pub(crate) async fn list_apps(
        &self,
        filter: Option<AppStatusFilter>,
    ) -> Result<Vec<AppInfo>, ConductorError> {
        let state = self.apps().state();
        let wanted = |app: &&InstalledApp| match (&filter, &app.status) {
            (None, _)
            | (Some(AppStatusFilter::Enabled), AppStatus::Enabled)
            | (Some(AppStatusFilter::Disabled), AppStatus::Disabled(_))
            | (Some(AppStatusFilter::AwaitingMemproofs), AppStatus::AwaitingMemproofs)
            | (Some(AppStatusFilter::AwaitingRestore), AppStatus::AwaitingRestore)
            | (Some(AppStatusFilter::Unrecoverable), AppStatus::Unrecoverable(..)) => true,
            (Some(_), _) => false,
        };
        let mut infos = Vec::new();
        for app in state.installed_apps().values().filter(wanted) {
            infos.push(self.info_of(app).await?);
        }
        infos.sort_by_key(|info| std::cmp::Reverse(info.installed_at));
        Ok(infos)
    }
}
