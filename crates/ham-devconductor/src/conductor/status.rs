//! The life of installed apps: started, enabled, disabled, given their membrane proofs, uninstalled.

use std::collections::HashSet;
use std::sync::Arc;

use holo_hash::DnaHash;
use holochain_conductor_api::state::ConductorState;
use holochain_state::DhtStore;
use holochain_types::app::{AppStatus, DisabledAppReason, InstalledApp, InstalledAppId, MemproofMap};
use holochain_types::prelude::CellId;

use super::Conductor;
use crate::error::{ConductorError, LoadError, StartError};

impl Conductor {
    /// Starts what was enabled before.
    ///
    /// # Errors
    /// [`App`](StartError::App) with the first that cannot be started, or [`Database`](StartError::Database).
    pub(super) async fn start_apps(self: &Arc<Self>) -> Result<(), StartError> {
        for (id, app) in self.apps().state().enabled_apps() {
            let started = self.start_cells(app.all_enabled_cells().collect::<Vec<_>>()).await;
            started.map_err(|error| StartError::App { id: id.clone(), source: error.into() })?;
        }
        // Ephemeral schedules do not outlive a conductor.
        for cell in self.running() {
            let forgotten = cell.dht().delete_all_ephemeral_scheduled_functions().await;
            forgotten.map_err(|error| StartError::Database { source: error.into() })?;
        }
        Ok(())
    }

    /// Lets an app's cells be called. Enabling what is enabled does nothing.
    ///
    /// # Errors
    /// There is no such app, or it awaits membrane proofs.
    pub(crate) async fn enable_app(
        self: &Arc<Self>,
        id: &InstalledAppId,
    ) -> Result<InstalledApp, ConductorError> {
        let _coming = self.comings.read().await;
        let state = self.apps().state();
        let app = state.get_app(id)?;
        let refused = |text: &str| Err(ConductorError::AppStatusError(text.to_owned()));
        match app.status {
            AppStatus::Enabled => return Ok(app.clone()),
            AppStatus::AwaitingMemproofs => {
                return refused("App is awaiting membrane proofs and cannot be enabled.");
            }
            AppStatus::AwaitingRestore | AppStatus::Unrecoverable(..) => {
                return refused("App is awaiting source chain restore and cannot be enabled.");
            }
            AppStatus::Disabled(_) => {}
        }
        self.start_cells(app.all_enabled_cells().collect::<Vec<_>>()).await?;
        self.apps().set_status(id, AppStatus::Enabled).await
    }

    /// Stops an app's cells. Disabling what is disabled does nothing.
    ///
    /// # Errors
    /// There is no such app.
    pub(crate) async fn disable_app(&self, id: &InstalledAppId) -> Result<InstalledApp, ConductorError> {
        let state = self.apps().state();
        let app = state.get_app(id)?;
        if matches!(app.status, AppStatus::Disabled(_)) {
            return Ok(app.clone());
        }
        self.stop_cells(&app.all_cells().collect::<Vec<_>>());
        self.apps().set_status(id, AppStatus::Disabled(DisabledAppReason::User)).await
    }

    /// Removes an app and the data of its cells, unless another app needs it.
    ///
    /// # Errors
    /// [`AppHasDependents`](ConductorError::AppHasDependents) unless forced, or there is no such app.
    pub(crate) async fn uninstall_app(&self, id: &InstalledAppId, force: bool) -> Result<(), ConductorError> {
        let state = self.apps().state();
        let dependents = state.get_dependent_apps(id, true)?;
        if !force && !dependents.is_empty() {
            return Err(ConductorError::AppHasDependents(id.clone(), dependents));
        }
        // With the clones that were made until now.
        let mut cells: Vec<CellId> = Vec::new();
        let remove = |state: &mut ConductorState| {
            cells = state.get_app(id)?.all_cells().collect();
            Ok(state.remove_app(id)?)
        };
        self.apps().update(remove).await?;
        self.signals.close(id);
        self.remove_cells(&cells).await
    }

    /// Stops cells that belong to no app, and removes the stores of DNAs that no app has any more.
    pub(super) async fn remove_cells(&self, cells: &[CellId]) -> Result<(), ConductorError> {
        let _alone = self.comings.write().await;
        let state = self.apps().state();
        let of_nobody = cells.iter().filter(|cell| state.find_app_containing_cell(cell).is_none());
        self.stop_cells(&of_nobody.cloned().collect::<Vec<_>>());
        let used = self.apps().dnas();
        let gone: HashSet<&DnaHash> =
            cells.iter().map(CellId::dna_hash).filter(|dna| !used.contains(dna)).collect();
        for dna in gone {
            self.dhts().remove(dna).await?;
        }
        Ok(())
    }

    /// The store of a DNA that an app has; `None` where none has it. While it is opened its files do not go.
    pub(crate) async fn store_of(&self, dna: &DnaHash) -> Result<Option<DhtStore>, LoadError> {
        let _staying = self.comings.read().await;
        if !self.apps().dnas().contains(dna) {
            return Ok(None);
        }
        self.dhts().open(dna).await.map(Some)
    }

    /// Gives an app the proofs it awaits, and begins its chains.
    ///
    /// # Errors
    /// There is no such app, it awaits none, or a membrane says no.
    pub(crate) async fn provide_memproofs(
        &self,
        id: &InstalledAppId,
        mut proofs: MemproofMap,
    ) -> Result<(), ConductorError> {
        let _coming = self.comings.read().await;
        let state = self.apps().state();
        let app = state.get_app(id)?;
        if app.status != AppStatus::AwaitingMemproofs {
            // Elsewhere this starts what an administrator has stopped.
            return Err(ConductorError::AppStatusError("App does not await membrane proofs.".to_owned()));
        }
        let cell = |dna: &DnaHash| CellId::new(dna.clone(), app.agent_key().clone());
        let cells =
            app.primary_roles().map(|(role, primary)| (cell(primary.dna_hash()), proofs.remove(role)));
        self.genesis(cells.collect()).await?;
        self.apps()
            .set_status(id, AppStatus::Disabled(DisabledAppReason::NotStartedAfterProvidingMemproofs))
            .await?;
        Ok(())
    }
}
