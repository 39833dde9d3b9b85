//! Clone cells: further cells of a role, each with its own network seed or properties.

use std::sync::Arc;

use holochain_conductor_api::state::ConductorState;
use holochain_types::app::{
    AppError, CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload,
    EnableCloneCellPayload, InstalledAppId,
};
use holochain_types::prelude::{CellId, CloneCellId, CloneId, ClonedCell, DnaDefHashed};

use super::Conductor;
use crate::budget::Budget;
use crate::error::ConductorError;

impl Conductor {
    /// Creates another cell of a role, which runs if its app does.
    ///
    /// # Errors
    /// Nothing that distinguishes it is given, the limit of the role is reached, or the membrane rejects it. Then there
    /// is no such clone.
    pub(crate) async fn create_clone_cell(
        self: &Arc<Self>,
        app_id: &InstalledAppId,
        payload: CreateCloneCellPayload,
        budget: &Budget,
    ) -> Result<ClonedCell, ConductorError> {
        let CreateCloneCellPayload { role_name, modifiers, membrane_proof, name } = payload;
        if !modifiers.has_some_option_set() {
            let text = "neither network_seed nor properties provided for clone cell";
            return Err(ConductorError::CloneCellError(text.to_owned()));
        }
        let state = self.apps().state();
        let app = state.get_app(app_id)?;
        let original_dna_hash = app.primary_role(&role_name)?.dna_hash().clone();
        let agent = app.agent_key().clone();
        let original = CellId::new(original_dna_hash.clone(), agent.clone());
        // Whatever the clone starts ends with its app.
        let budget = match self.cell(&original) {
            Ok(original) => &budget.in_cell(original.ended()),
            Err(_) => budget,
        };
        let original = self.dnas().definition(&original).await?;
        let mut definition = original.content.update_modifiers(modifiers.serialized()?);
        if let Some(name) = name {
            definition = definition.set_name(name);
        }
        let definition = DnaDefHashed::from_content_sync(definition);
        let cell_id = CellId::new(definition.hash.clone(), agent.clone());
        let add = |state: &mut ConductorState| {
            if state.find_app_containing_cell(&cell_id).is_some() {
                return Err(AppError::DuplicateCellId(cell_id.clone()).into());
            }
            Ok(state.get_app_mut(app_id)?.add_clone(&role_name, cell_id.dna_hash())?)
        };
        // A clone that would be refused must not replace the definition of an existing one, which has a name of its own.
        add(&mut ConductorState::clone(&state))?;
        let creation = self.creations.begin(vec![cell_id.clone()]).map_err(AppError::DuplicateCellId)?;
        let made = async {
            self.dnas().keep_definition(&agent, &definition.content).await?;
            self.genesis(vec![(cell_id.clone(), membrane_proof)], budget).await?;
            let ready = self.prepare(vec![cell_id.clone()], budget).await?;
            let clone_id = self.apps().update(add).await?;
            self.settle(ready, &[]);
            Ok::<_, ConductorError>(clone_id)
        };
        let made = made.await;
        self.end_creation(creation).await?;
        let clone_id = made?;
        Ok(cloned(cell_id, clone_id, original_dna_hash, &definition))
    }

    /// Stops a clone cell.
    ///
    /// # Errors
    /// There is no such clone, or it is disabled.
    pub(crate) async fn disable_clone_cell(
        &self,
        app_id: &InstalledAppId,
        payload: &DisableCloneCellPayload,
    ) -> Result<(), ConductorError> {
        let cell = self
            .apps()
            .update(|state| {
                let app = state.get_app_mut(app_id)?;
                let clone = app.get_clone_id(&payload.clone_cell_id)?;
                let dna = app.get_clone_dna_hash(&payload.clone_cell_id)?;
                app.disable_clone_cell(&clone)?;
                Ok(CellId::new(dna, app.agent_key().clone()))
            })
            .await?;
        self.settle(Vec::new(), &[cell]);
        Ok(())
    }

    /// Starts a clone cell again, if its app runs.
    ///
    /// # Errors
    /// There is no such clone.
    pub(crate) async fn enable_clone_cell(
        self: &Arc<Self>,
        app_id: &InstalledAppId,
        payload: &EnableCloneCellPayload,
        budget: &Budget,
    ) -> Result<ClonedCell, ConductorError> {
        let (cell_id, clone_id, original) = self
            .apps()
            .update(|state| {
                let app = state.get_app_mut(app_id)?;
                let clone = app.get_clone_id(&payload.clone_cell_id)?;
                let (cell, _) = app.enable_clone_cell(&clone)?.into_inner();
                let original = app.primary_role(&clone.as_base_role_name())?.dna_hash().clone();
                Ok((cell, clone, original))
            })
            .await?;
        self.start_cells([cell_id.clone()], budget).await?;
        let definition = self.dnas().definition(&cell_id).await?;
        Ok(cloned(cell_id, clone_id, original, &definition))
    }

    /// Removes a disabled clone cell with its data.
    ///
    /// # Errors
    /// There is no such clone, or it is enabled.
    pub(crate) async fn delete_clone_cell(
        &self,
        payload: &DeleteCloneCellPayload,
    ) -> Result<(), ConductorError> {
        let cell = self
            .apps()
            .update(|state| {
                let app = state.get_app_mut(&payload.app_id)?;
                let clone = app.get_clone_id(&payload.clone_cell_id)?;
                let disabled = app.disabled_clone_cells().find(|(id, cell)| match &payload.clone_cell_id {
                    CloneCellId::CloneId(wanted) => *id == wanted,
                    CloneCellId::DnaHash(wanted) => cell.dna_hash() == wanted,
                });
                let Some((_, cell)) = disabled else {
                    return Err(AppError::CloneCellMustBeDisabledBeforeDeleting(
                        payload.clone_cell_id.clone(),
                    )
                    .into());
                };
                app.delete_clone_cell(&clone)?;
                Ok(cell)
            })
            .await?;
        self.remove_cells(&[cell]).await
    }
}

fn cloned(
    cell_id: CellId,
    clone_id: CloneId,
    original_dna_hash: holo_hash::DnaHash,
    dna: &DnaDefHashed,
) -> ClonedCell {
    let (dna_modifiers, name) = (dna.modifiers.clone(), dna.name.clone());
    ClonedCell { cell_id, clone_id, original_dna_hash, dna_modifiers, name, enabled: true }
}
