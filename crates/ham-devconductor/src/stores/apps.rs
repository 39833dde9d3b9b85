//! The installed apps, as the conductor's database holds them.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use holo_hash::DnaHash;
use holochain_conductor_api::state::ConductorState;
use holochain_state::conductor::ConductorStore;
use holochain_state::mutations::StateMutationResult;
use holochain_state::query::StateQueryResult;
use holochain_types::app::{AppRoleAssignment, AppStatus, InstalledApp, InstalledAppId};
use holochain_types::prelude::{CellId, InitProperties, InitPropertiesMap};

use crate::error::{CellUnavailableReason, ConductorError};
use crate::observe::{Event, Feed};

pub(crate) struct Apps {
    store: ConductorStore,
    /// What the database holds; always written there first.
    state: RwLock<Arc<ConductorState>>,
    /// The turn to change it.
    changing: tokio::sync::Mutex<()>,
    were_kept: bool,
    feed: Arc<Feed>,
}

impl Apps {
    pub(super) async fn load(store: ConductorStore, feed: Arc<Feed>) -> StateQueryResult<Self> {
        let state = store.as_read().load_state().await?;
        let (were_kept, state) = (state.is_some(), RwLock::new(Arc::new(state.unwrap_or_default())));
        Ok(Self { store, state, changing: tokio::sync::Mutex::default(), were_kept, feed })
    }

    /// Whether the database had them when it was opened.
    pub(super) fn were_kept(&self) -> bool {
        self.were_kept
    }

    /// The current state, as a snapshot.
    pub(crate) fn state(&self) -> Arc<ConductorState> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nothing changes the apps while this is held.
    pub(crate) async fn hold(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// Changes the apps in the database, then here.
    ///
    /// # Errors
    /// The change's own error, or the database failed.
    pub(crate) async fn update<O>(
        &self,
        change: impl FnOnce(&mut ConductorState) -> Result<O, ConductorError>,
    ) -> Result<O, ConductorError> {
        self.update_with_init_properties("", &InitPropertiesMap::new(), change).await
    }

    /// The same, and also stores what the `init` of an app's roles is given.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub(crate) async fn update_with_init_properties<O>(
        &self,
        app: &str,
        init_properties: &InitPropertiesMap,
        change: impl FnOnce(&mut ConductorState) -> Result<O, ConductorError>,
    ) -> Result<O, ConductorError> {
        let change = |state: Option<ConductorState>| {
            let mut state = state.unwrap_or_default();
            let output = change(&mut state)?;
            Ok::<_, ConductorError>((state, output))
        };
        // Changes come one after the other, here as in the database.
        let _turn = self.changing.lock().await;
        let output = self.store.update_state(change, app, init_properties).await?;
        // Read again, because apps are found in the database's order.
        let stored = self.store.as_read().load_state().await?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(stored.unwrap_or_default());
        self.feed.tell(|| Event::Apps);
        Ok(output)
    }

    /// The DNAs of all apps.
    pub(crate) fn dnas(&self) -> HashSet<DnaHash> {
        let state = self.state();
        let cells = state.installed_apps().values().flat_map(|app| app.all_cells().collect::<Vec<_>>());
        cells.map(|cell| cell.dna_hash().clone()).collect()
    }

    /// Whether an app has this DNA.
    pub(crate) fn have(&self, dna: &DnaHash) -> bool {
        let state = self.state();
        state.installed_apps().values().flat_map(|app| app.primary_roles()).any(|(_, role)| {
            let mut clones = role.clones.values().chain(role.disabled_clones.values());
            role.provisioned_dna_hash() == Some(dna) || clones.any(|clone| clone == dna)
        })
    }

    /// The cells that should run: those of enabled apps, except disabled clones.
    pub(crate) fn enabled_cells(&self) -> HashSet<CellId> {
        let state = self.state();
        state.enabled_apps().flat_map(|(_, app)| app.all_enabled_cells().collect::<Vec<_>>()).collect()
    }

    /// The enabled apps that have the cell.
    pub(crate) fn enabled_with(&self, cell: &CellId) -> Vec<InstalledAppId> {
        let state = self.state();
        let apps = state.enabled_apps().filter(|(_, app)| app.all_cells().any(|id| id == *cell));
        apps.map(|(id, _)| id.clone()).collect()
    }

    /// The cell that has this role in the app of another cell.
    pub(crate) fn cell_of_role(&self, beside: &CellId, role: &str) -> Option<CellId> {
        let state = self.state();
        let (_, app) = state.enabled_apps().find(|(_, app)| app.all_cells().any(|cell| cell == *beside))?;
        Some(match app.role(&role.to_owned()).ok()? {
            AppRoleAssignment::Primary(primary) => {
                CellId::new(primary.dna_hash().clone(), app.agent_key().clone())
            }
            AppRoleAssignment::Dependency(dependency) => dependency.cell_id.clone(),
        })
    }

    /// Why a cell is not running.
    pub(crate) fn why_not_running(&self, id: &CellId) -> ConductorError {
        let state = self.state();
        let Some(app) = state.find_app_containing_cell(id) else {
            return ConductorError::CellMissing(id.clone());
        };
        let reason = match &app.status {
            AppStatus::Disabled(reason) => CellUnavailableReason::AppDisabled(reason.clone()),
            AppStatus::AwaitingMemproofs => CellUnavailableReason::AppAwaitingMemproofs,
            AppStatus::Enabled if app.disabled_clone_cell_ids().any(|clone| clone == *id) => {
                CellUnavailableReason::CloneCellDisabled
            }
            _ => CellUnavailableReason::NotStarted,
        };
        ConductorError::CellNotRunning(id.clone(), reason)
    }

    /// What was given for the `init` of a cell's role.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn init_properties(&self, cell: &CellId) -> StateQueryResult<Option<InitProperties>> {
        let Some((app, role)) = self.role_of(cell) else { return Ok(None) };
        self.store.as_read().get_init_properties(&app, &role).await
    }

    /// What was given for the `init` of the roles of an app.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn init_properties_of(&self, app: &InstalledApp) -> StateQueryResult<InitPropertiesMap> {
        let mut all = InitPropertiesMap::new();
        for (role, _) in app.provisioned_cells() {
            if let Some(properties) = self.store.as_read().get_init_properties(app.id(), role).await? {
                all.insert(role.clone(), properties);
            }
        }
        Ok(all)
    }

    /// # Errors
    /// The database failed.
    pub(crate) async fn forget_init_properties(&self, cell: &CellId) -> StateMutationResult<()> {
        let Some((app, role)) = self.role_of(cell) else { return Ok(()) };
        self.store.delete_init_properties(&app, &role).await
    }

    fn role_of(&self, cell: &CellId) -> Option<(String, String)> {
        let state = self.state();
        let app = state.find_app_containing_cell(cell)?;
        let mut cells = app.provisioned_cells();
        let role = cells.find(|(_, id)| *id == *cell).map(|(role, _)| role.clone())?;
        Some((app.id().clone(), role))
    }
}
