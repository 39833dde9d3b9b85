//! What clients see of apps.

use holochain_conductor_api::{AppInfo, AppStatusFilter};
use holochain_types::app::{AppStatus, InstalledApp, InstalledAppId};
use indexmap::IndexMap;

use super::Conductor;
use crate::error::ConductorError;

impl Conductor {
    /// What clients see of an app, `None` for one that is not installed.
    pub(crate) async fn app_info(&self, id: &InstalledAppId) -> Result<Option<AppInfo>, ConductorError> {
        let state = self.apps().state();
        match state.get_app(id) {
            Ok(app) => Ok(Some(self.info_of(app).await?)),
            Err(_) => Ok(None),
        }
    }

    pub(crate) async fn info_of(&self, app: &InstalledApp) -> Result<AppInfo, ConductorError> {
        let mut definitions = IndexMap::new();
        for cell in app.all_cells() {
            let definition = self.dnas().definition(&cell).await?;
            definitions.insert(cell, definition);
        }
        Ok(AppInfo::from_installed_app(app, &definitions))
    }

    /// The newest first.
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
