//! Clone cells, for roles of the app that the cell belongs to.

use std::sync::Arc;

use holochain_types::app::{CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload};
use holochain_types::prelude::{
    CellId, ClonedCell, CreateCloneCellInput, DeleteCloneCellInput, DisableCloneCellInput,
    EnableCloneCellInput, InstalledAppId, RoleName,
};

use super::context::CallContext;
use super::refusal::{Answer, host};
use crate::cell::Home;

impl CallContext {
    pub(super) fn create_clone_cell(&self, input: CreateCloneCellInput) -> Answer<ClonedCell> {
        let (app, role_name) = self.app_role(&input.cell_id)?;
        let CreateCloneCellInput { modifiers, membrane_proof, name, .. } = input;
        let payload = CreateCloneCellPayload { role_name, modifiers, membrane_proof, name };
        self.wait(self.home()?.create_clone_cell(app, payload, self.budget.clone())).map_err(host)
    }

    pub(super) fn disable_clone_cell(&self, input: DisableCloneCellInput) -> Answer<()> {
        let (app, _) = self.own_role()?;
        let payload = DisableCloneCellPayload { clone_cell_id: input.clone_cell_id };
        self.wait(self.home()?.disable_clone_cell(app, payload)).map_err(host)
    }

    pub(super) fn enable_clone_cell(&self, input: EnableCloneCellInput) -> Answer<ClonedCell> {
        let (app, _) = self.own_role()?;
        let payload = DisableCloneCellPayload { clone_cell_id: input.clone_cell_id };
        self.wait(self.home()?.enable_clone_cell(app, payload, self.budget.clone())).map_err(host)
    }

    pub(super) fn delete_clone_cell(&self, input: DeleteCloneCellInput) -> Answer<()> {
        let (app_id, _) = self.own_role()?;
        let payload = DeleteCloneCellPayload { app_id, clone_cell_id: input.clone_cell_id };
        self.wait(self.home()?.delete_clone_cell(payload)).map_err(host)
    }

    fn home(&self) -> Answer<Arc<dyn Home>> {
        self.cell()?.cell.home().map_err(host)
    }

    fn own_role(&self) -> Answer<(InstalledAppId, RoleName)> {
        self.app_role(&self.cell()?.cell.id().clone())
    }

    /// The app that this cell belongs to, and its role of a cell that may be cloned or changed.
    fn app_role(&self, target: &CellId) -> Answer<(InstalledAppId, RoleName)> {
        let cell = &self.cell()?.cell;
        let state = cell.apps().state();
        let app = state.find_app_containing_cell(cell.id());
        let app = app.ok_or_else(|| host("App not found for current cell"))?;
        let is_of =
            |dna: &holo_hash::DnaHash| target.agent_pubkey() == app.agent_key() && target.dna_hash() == dna;
        let role = app.primary_roles().find(|(_, role)| is_of(role.dna_hash()));
        let (role, _) =
            role.ok_or_else(|| host("Invalid request to modify a cell which belongs to another app"))?;
        Ok((app.id().clone(), role.clone()))
    }
}
