//! Calling other zomes, cells and agents.

use holochain_types::prelude::{Call, CallTarget, CallTargetCell, CellId, ZomeCallParams, ZomeCallResponse};

use super::access::{Access, CellAccess};
use super::context::CallContext;
use super::refusal::{Answer, host};
use crate::budget::Budget;
use crate::cell::Caller;
use crate::error::{ApiError, ConductorError};
use crate::wasm::{HostFunction, exceeded};

impl CallContext {
    /// One after the other: what an earlier one wrote, a later one reads.
    pub(super) fn call_zomes(&self, calls: Vec<Call>) -> Answer<Vec<ZomeCallResponse>> {
        calls.into_iter().map(|call| self.call_zome(call)).collect()
    }

    fn call_zome(&self, call: Call) -> Answer<ZomeCallResponse> {
        let access = self.cell()?;
        let budget = self.budget.nested().map_err(exceeded)?;
        let own = access.cell.id();
        let (cell_id, remote) = match call.target {
            CallTarget::NetworkAgent(agent) => (CellId::new(own.dna_hash().clone(), agent), true),
            CallTarget::ConductorCell(_)
                if matches!(self.access, Access::PostCommit { may_call: false, .. }) =>
            {
                return Err(self.denied(HostFunction::Call));
            }
            CallTarget::ConductorCell(CallTargetCell::Local) => (own.clone(), false),
            CallTarget::ConductorCell(CallTargetCell::OtherCell(cell_id)) => (cell_id, false),
            CallTarget::ConductorCell(CallTargetCell::OtherRole(role)) => {
                let found = access.cell.apps().cell_of_role(own, &role);
                (found.ok_or_else(|| host(format!("Role not found: {role}")))?, false)
            }
        };
        let params =
            access.cell.call_of(cell_id, call.zome_name, call.fn_name, call.payload).map_err(host)?;
        let params = ZomeCallParams { cap_secret: call.cap_secret, ..params };
        if remote { self.call_agent(access, params, budget) } else { self.call_cell(access, params, budget) }
    }

    fn call_cell(
        &self,
        access: &CellAccess,
        params: ZomeCallParams,
        budget: Budget,
    ) -> Answer<ZomeCallResponse> {
        // A call within the cell writes to the same scratch; `post_commit` has none of its own.
        let shares = params.cell_id == *access.cell.id() && !matches!(self.access, Access::PostCommit { .. });
        let workspace = shares.then(|| access.workspace.clone());
        let home = access.cell.home().map_err(host)?;
        match self.wait(home.call_zome(params, Caller { workspace, ..Caller::root(budget) })) {
            Ok(response) => Ok(response),
            Err(ApiError::ConductorError(ConductorError::CellMissing(cell_id))) => {
                Err(host(format!("Call to missing cell: Cell with ID {cell_id} not found")))
            }
            Err(error) => Err(host(error)),
        }
    }

    /// An agent of this conductor is reached as one elsewhere would be: by a signed call, subject to the grants on its chain.
    fn call_agent(
        &self,
        access: &CellAccess,
        params: ZomeCallParams,
        budget: Budget,
    ) -> Answer<ZomeCallResponse> {
        let home = access.cell.home().map_err(host)?;
        match self.wait(home.call_zome(params, Caller::root(budget))) {
            Ok(response) => Ok(response),
            Err(ApiError::ConductorError(ConductorError::CellMissing(cell_id))) => {
                tracing::debug!(%cell_id, "no such cell is here, and there is no network");
                Ok(ZomeCallResponse::NetworkError("Other: call_remote: no url for peer".to_owned()))
            }
            Err(error) => Ok(ZomeCallResponse::NetworkError(error.to_string())),
        }
    }
}
