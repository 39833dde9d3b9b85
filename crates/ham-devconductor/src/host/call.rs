//! Calling other zomes, cells and agents.

use holochain_types::prelude::{Call, CallTarget, CallTargetCell, CellId, ZomeCallParams, ZomeCallResponse};
use holochain_wasmer_common::WasmErrorInner;

use super::{Access, Answer, CallContext, CellAccess, host};
use crate::conductor::{Caller, MAX_CALL_DEPTH};
use crate::error::{ApiError, CellError, ConductorError, RibosomeError};
use crate::wasm::{HostFunction, RuntimeError};

impl CallContext {
    /// One after the other: what an earlier one wrote, a later one reads.
    pub(super) fn call_zomes(&self, calls: Vec<Call>) -> Answer<Vec<ZomeCallResponse>> {
        calls.into_iter().map(|call| self.call_zome(call)).collect()
    }

    fn call_zome(&self, call: Call) -> Answer<ZomeCallResponse> {
        let access = self.cell()?;
        if self.depth() >= MAX_CALL_DEPTH {
            return Err(host(too_deep()));
        }
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
                let found = access.cell.conductor().map_err(host)?.cell_of_role(own, &role);
                (found.ok_or_else(|| host(format!("Role not found: {role}")))?, false)
            }
        };
        let params =
            access.cell.call_of(cell_id, call.zome_name, call.fn_name, call.payload).map_err(host)?;
        let params = ZomeCallParams { cap_secret: call.cap_secret, ..params };
        if remote { self.call_agent(access, params) } else { self.call_cell(access, params) }
    }

    fn call_cell(&self, access: &CellAccess, params: ZomeCallParams) -> Answer<ZomeCallResponse> {
        // A call within the cell writes to the same scratch; `post_commit` has none of its own.
        let shares = params.cell_id == *access.cell.id() && !matches!(self.access, Access::PostCommit { .. });
        let caller = Caller { workspace: shares.then(|| access.workspace.clone()), depth: self.depth() + 1 };
        let conductor = access.cell.conductor().map_err(host)?;
        match self.wait(conductor.call_zome(params, caller)) {
            Ok(response) => Ok(response),
            // Why the innermost call failed is what each of them failed of, and no more than that.
            Err(ApiError::CellError(CellError::RibosomeError(RibosomeError::WasmRuntimeError(
                RuntimeError::User(error),
            )))) if matches!(&error.error, WasmErrorInner::Host(text) if *text == too_deep()) => Err(error),
            Err(ApiError::ConductorError(ConductorError::CellMissing(cell_id))) => {
                Err(host(format!("Call to missing cell: Cell with ID {cell_id} not found")))
            }
            Err(error) => Err(host(error)),
        }
    }

    /// An agent of this conductor is reached as one elsewhere would be: by a signed call, under the grants of its chain.
    fn call_agent(&self, access: &CellAccess, params: ZomeCallParams) -> Answer<ZomeCallResponse> {
        let conductor = access.cell.conductor().map_err(host)?;
        let caller = Caller { workspace: None, depth: self.depth() + 1 };
        match self.wait(conductor.call_zome(params, caller)) {
            Ok(response) => Ok(response),
            Err(ApiError::ConductorError(ConductorError::CellMissing(cell_id))) => {
                tracing::debug!(%cell_id, "no such cell is here, and there is no network");
                Ok(ZomeCallResponse::NetworkError("Other: call_remote: no url for peer".to_owned()))
            }
            Err(error) => Ok(ZomeCallResponse::NetworkError(error.to_string())),
        }
    }

    /// How many calls led here.
    pub(crate) fn depth(&self) -> usize {
        match &self.access {
            Access::ZomeCall { depth, .. } => *depth,
            _ => 0,
        }
    }
}

fn too_deep() -> String {
    format!("more than {MAX_CALL_DEPTH} calls deep")
}
