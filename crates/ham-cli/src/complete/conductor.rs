//! What a running conductor reports about its apps.

use std::time::Duration;

use ham::Admin;
use ham::holochain_client::CellId;

use super::known::{Roles, Zomes};
use crate::app;
use crate::connect;
use crate::definition;
use crate::settings::Settings;

/// The roles of the app that the settings name, or of all apps; with the zomes of one role.
pub(super) async fn roles(settings: &Settings, asked: Option<&str>, timeout: Duration) -> Option<Roles> {
    let admin = connect::admin(settings, timeout).ok()?;
    let apps = admin.list_apps(None).await.ok()?;
    let named = settings.app_id().ok();
    let mut roles = Roles::new();
    for app in apps.iter().filter(|app| named.is_none_or(|id| app.installed_app_id == id)) {
        for cell in app::cells(app) {
            let zomes = if asked == Some(&cell.name) { zomes(&admin, cell.cell_id).await } else { None };
            roles.insert(cell.name, zomes.unwrap_or_default());
        }
    }
    Some(roles)
}

/// The zomes of a cell that can be called. Their functions are not reported.
async fn zomes(admin: &Admin, cell: CellId) -> Option<Zomes> {
    let definition = definition::of(admin, &cell).await.ok()?;
    let names = definition.coordinator_zomes.into_iter().map(|(name, _)| name.to_string());
    Some(names.map(|name| (name, Vec::new())).collect())
}
