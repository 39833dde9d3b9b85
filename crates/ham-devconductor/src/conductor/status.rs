//! The life of installed apps: started, enabled, disabled, given their membrane proofs, uninstalled.

use std::collections::HashSet;
use std::sync::Arc;

use holo_hash::DnaHash;
use holochain_conductor_api::state::ConductorState;
use holochain_state::DhtStore;
use holochain_types::app::{AppStatus, DisabledAppReason, InstalledApp, InstalledAppId, MemproofMap};
use holochain_types::prelude::CellId;

use super::Conductor;
use super::creations::Creation;
use crate::error::{ConductorError, LoadError, StartError};

impl Conductor {
    /// Starts the apps that were enabled before.
    ///
    /// # Errors
    /// [`App`](StartError::App) with the first that cannot be started, or [`Database`](StartError::Database).
    pub(super) async fn start_apps(self: &Arc<Self>) -> Result<(), StartError> {
        let mut ready = Vec::new();
        for (id, app) in self.apps().state().enabled_apps() {
            let cells = self.prepare(app.all_enabled_cells().collect(), &self.budget()).await;
            ready.extend(cells.map_err(|error| StartError::App { id: id.clone(), source: error.into() })?);
        }
        // Ephemeral schedules do not outlive a conductor.
        for cell in &ready {
            let forgotten = cell.schedules().forget_ephemeral().await;
            forgotten.map_err(|source| StartError::Database { source })?;
        }
        self.settle(ready, &[]);
        Ok(())
    }

    /// Lets an app's cells be called. Does nothing if the app is already enabled.
    ///
    /// # Errors
    /// There is no such app, or it awaits membrane proofs.
    pub(crate) async fn enable_app(
        self: &Arc<Self>,
        id: &InstalledAppId,
    ) -> Result<InstalledApp, ConductorError> {
        let (state, budget) = (self.apps().state(), self.budget());
        let app = state.get_app(id)?;
        may_be_enabled(app)?;
        if app.status == AppStatus::Enabled {
            return Ok(app.clone());
        }
        let ready = self.prepare(app.all_enabled_cells().collect(), &budget).await?;
        let enable = |state: &mut ConductorState| {
            let app = state.get_app_mut(id)?;
            may_be_enabled(app)?;
            app.status = AppStatus::Enabled;
            Ok(app.clone())
        };
        let app = self.apps().update(enable).await?;
        self.settle(ready, &[]);
        // Clones that were enabled meanwhile.
        self.start_cells(app.all_enabled_cells(), &budget).await?;
        Ok(app)
    }

    /// Stops an app's cells. Does nothing if the app is already disabled.
    ///
    /// # Errors
    /// There is no such app.
    pub(crate) async fn disable_app(&self, id: &InstalledAppId) -> Result<InstalledApp, ConductorError> {
        let disable = |state: &mut ConductorState| {
            let app = state.get_app_mut(id)?;
            if !matches!(app.status, AppStatus::Disabled(_)) {
                app.status = AppStatus::Disabled(DisabledAppReason::User);
            }
            Ok(app.clone())
        };
        let app = self.apps().update(disable).await?;
        self.settle(Vec::new(), &app.all_cells().collect::<Vec<_>>());
        Ok(app)
    }

    /// Removes an app and the data of its cells, unless another app needs it.
    ///
    /// # Errors
    /// [`AppHasDependents`](ConductorError::AppHasDependents) unless forced, or there is no such app.
    pub(crate) async fn uninstall_app(&self, id: &InstalledAppId, force: bool) -> Result<(), ConductorError> {
        // Including the clones that were created until now.
        let mut cells: Vec<CellId> = Vec::new();
        let remove = |state: &mut ConductorState| {
            let dependents = state.get_dependent_apps(id, true)?;
            if !force && !dependents.is_empty() {
                return Err(ConductorError::AppHasDependents(id.clone(), dependents));
            }
            cells = state.get_app(id)?.all_cells().collect();
            Ok(state.remove_app(id)?)
        };
        self.apps().update(remove).await?;
        // Cells that are still being created.
        self.creations.cut_off(&cells);
        self.signals.forget(id);
        self.remove_cells(&cells).await
    }

    /// Stops those of the cells that belong to no app, and removes the stores of DNAs that no app has and that no cell
    /// is being created for.
    pub(super) async fn remove_cells(&self, cells: &[CellId]) -> Result<(), ConductorError> {
        self.settle(Vec::new(), cells);
        for dna in cells.iter().map(CellId::dna_hash).collect::<HashSet<_>>() {
            self.dhts().remove(dna, || self.is_wanted(dna)).await?;
        }
        Ok(())
    }

    /// Whether an app has this DNA, or a cell is being created for it.
    pub(super) fn is_wanted(&self, dna: &DnaHash) -> bool {
        // In this order: a cell whose creation has just ended is found in its app.
        self.creations.have(dna) || self.apps().have(dna)
    }

    /// Ends the creation of cells, and removes those that no app has: either it failed, or the app was removed meanwhile.
    pub(super) async fn end_creation(&self, creation: Creation<'_>) -> Result<(), ConductorError> {
        let (cells, state) = (creation.end(), self.apps().state());
        if cells.iter().all(|cell| state.find_app_containing_cell(cell).is_some()) {
            return Ok(());
        }
        self.remove_cells(&cells).await
    }

    /// The store of a DNA that an app has or a cell is being created for; `None` if there is neither.
    pub(crate) async fn store_of(&self, dna: &DnaHash) -> Result<Option<DhtStore>, LoadError> {
        self.dhts().open(dna, || self.is_wanted(dna)).await
    }

    /// Gives an app the proofs it awaits, and begins its chains.
    ///
    /// # Errors
    /// There is no such app, it awaits none, or a membrane rejects the agent.
    pub(crate) async fn provide_memproofs(
        &self,
        id: &InstalledAppId,
        mut proofs: MemproofMap,
    ) -> Result<(), ConductorError> {
        let state = self.apps().state();
        let app = state.get_app(id)?;
        // Otherwise this would start an app that an administrator has stopped.
        let none_awaited =
            || ConductorError::AppStatusError("App does not await membrane proofs.".to_owned());
        if app.status != AppStatus::AwaitingMemproofs {
            return Err(none_awaited());
        }
        let cell = |dna: &DnaHash| CellId::new(dna.clone(), app.agent_key().clone());
        let cells =
            app.primary_roles().map(|(role, primary)| (cell(primary.dna_hash()), proofs.remove(role)));
        let cells: Vec<_> = cells.collect();
        let ids = cells.iter().map(|(id, _)| id.clone()).collect();
        let creation = self.creations.begin(ids).map_err(ConductorError::CellAlreadyExists)?;
        let provide = async {
            // After the creation has begun: from now on, a removal of the app finds its cells.
            self.apps().state().get_app(id)?;
            self.genesis(cells, &self.budget().in_cell(creation.ended())).await?;
            let given = |state: &mut ConductorState| {
                let app = state.get_app_mut(id)?;
                if app.status != AppStatus::AwaitingMemproofs {
                    return Err(none_awaited());
                }
                app.status = AppStatus::Disabled(DisabledAppReason::NotStartedAfterProvidingMemproofs);
                Ok(())
            };
            self.apps().update(given).await
        };
        let provided = provide.await;
        self.end_creation(creation).await?;
        provided
    }
}

fn may_be_enabled(app: &InstalledApp) -> Result<(), ConductorError> {
    let refused = |text: &str| Err(ConductorError::AppStatusError(text.to_owned()));
    match app.status {
        AppStatus::AwaitingMemproofs => refused("App is awaiting membrane proofs and cannot be enabled."),
        AppStatus::AwaitingRestore | AppStatus::Unrecoverable(..) => {
            refused("App is awaiting source chain restore and cannot be enabled.")
        }
        AppStatus::Enabled | AppStatus::Disabled(_) => Ok(()),
    }
}
