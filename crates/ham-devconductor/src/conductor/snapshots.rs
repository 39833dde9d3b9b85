//! The state of the whole conductor at one moment, to go back to.

use std::collections::HashMap;
use std::sync::Arc;

use holochain_conductor_api::state::ConductorState;
use holochain_types::app::InstalledAppId;
use holochain_types::prelude::{AgentPubKey, DnaDef, InitPropertiesMap};

use super::Conductor;
use crate::error::SnapshotError;
use crate::observe::Event;
use crate::stores::SavedDhts;

/// Apps, their code, their chains and the content of their DHTs.
pub(crate) struct Saved {
    state: Arc<ConductorState>,
    init_properties: HashMap<InstalledAppId, InitPropertiesMap>,
    /// Coordinators are replaced in place.
    definitions: Vec<(AgentPubKey, DnaDef)>,
    dhts: SavedDhts,
}

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saved").finish_non_exhaustive()
    }
}

impl Conductor {
    /// Saves the state at one moment. Calls keep running meanwhile: what they have staged is not included yet, and
    /// their commits wait until the files are copied.
    ///
    /// # Errors
    /// Variant by variant in [`SnapshotError`].
    pub(crate) async fn save(&self) -> Result<Saved, SnapshotError> {
        let _guard = self.work.begin().await;
        let _held = self.apps().hold().await;
        let state = self.apps().state();
        let (mut init_properties, mut definitions) = (HashMap::new(), Vec::new());
        for (id, app) in state.installed_apps() {
            let kept = self.apps().init_properties_of(app).await.map_err(SnapshotError::database)?;
            init_properties.insert(id.clone(), kept);
            for cell in app.all_cells() {
                let definition = self.dnas().definition(&cell).await.map_err(SnapshotError::database)?;
                definitions.push((cell.agent_pubkey().clone(), definition.content));
            }
        }
        let dhts = self.dhts().save(&self.apps().dnas()).await.map_err(SnapshotError::of)?;
        Ok(Saved { state, init_properties, definitions, dhts })
    }

    /// Cuts off what is running, waits until nothing is being worked on, and makes everything as it was: apps and cells, chains,
    /// DHTs, schedules. Not included are keys, which all stay, tokens, interfaces, used nonces, and the clock.
    ///
    /// # Errors
    /// Variant by variant in [`SnapshotError`]. A failure half way leaves apps that do not run, and the next start undoes it.
    pub(crate) async fn restore(self: &Arc<Self>, saved: &Saved) -> Result<(), SnapshotError> {
        let _alone = self.work.stop().await.map_err(|_| SnapshotError::Busy)?;
        self.stop_all();
        for id in self.apps().state().installed_apps().keys() {
            if saved.state.get_app(id).is_err() {
                self.signals.forget(id);
            }
        }
        self.dhts().close().await;
        self.stores.undo.begin().await.map_err(SnapshotError::files)?;
        self.dhts().restore(&saved.dhts).await.map_err(SnapshotError::files)?;
        for (agent, definition) in &saved.definitions {
            self.dnas().keep_definition(agent, definition).await.map_err(SnapshotError::database)?;
        }
        let put_back = |state: &mut ConductorState| {
            // Interfaces keep listening, whenever they were attached.
            let app_interfaces = std::mem::take(&mut state.app_interfaces);
            *state = ConductorState::clone(&saved.state);
            state.app_interfaces = app_interfaces;
            Ok(())
        };
        self.apps().update(put_back).await.map_err(SnapshotError::database)?;
        for (app, properties) in &saved.init_properties {
            let kept = self.apps().update_with_init_properties(app, properties, |_| Ok(())).await;
            kept.map_err(SnapshotError::database)?;
        }
        self.stores.undo.end().await.map_err(SnapshotError::files)?;
        for (id, app) in saved.state.enabled_apps() {
            let started = self.start_cells(app.all_enabled_cells(), &self.budget()).await;
            started.map_err(|error| SnapshotError::App { id: id.clone(), source: error.into() })?;
        }
        // Again, now that they run.
        self.feed.tell(|| Event::Apps);
        Ok(())
    }
}
