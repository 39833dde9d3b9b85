//! A zome call, from its authorization to its commit.

use std::sync::Arc;

use holochain_data::models::WitnessNonceResult;
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_types::prelude::{
    CapAccess, ExternIO, InitCallbackResult, ZomeCallAuthorization, ZomeCallParams, ZomeCallResponse,
    ZomeError,
};

use super::commit::{self, commit, post_commit};
use super::init::initialize;
use crate::cell::{Caller, Cell};
use crate::error::{CellError, NoZome, RibosomeError, WorkflowError};
use crate::host::{Access, CellAccess};
use crate::observe::Phase;
use crate::run::Run;
use crate::wasm::exceeded;

/// Runs a call in its cell.
///
/// # Errors
/// `init` failed, there is no such zome or function, the function failed, what it wrote is not valid, or the store failed. Nothing is then written.
///
/// # Cancel safety
/// Dropping the future lets a running function end; what it staged is then not committed, unless the commit had already begun.
pub(crate) async fn call_zome(
    cell: &Arc<Cell>,
    params: ZomeCallParams,
    Caller { workspace, budget, is_signed }: Caller,
) -> Result<ZomeCallResponse, CellError> {
    budget.call().map_err(|error| RibosomeError::from(exceeded(error)))?;
    let ribosome = cell.ribosome();
    if !workspace.as_ref().is_some_and(SourceChainWorkspace::called_from_init) {
        budget.trace().enter(Phase::Init);
        initialize(cell, &budget).await?;
    }
    budget.trace().enter(Phase::Zome);
    if params.fn_name.0 == "init" {
        // It ran when the cell was first called; nobody can run it by hand.
        return Ok(ZomeCallResponse::Ok(ExternIO::encode(InitCallbackResult::Pass)?));
    }
    let named = &params.zome_name;
    // `DnaDef::get_zome` would log the name, whatever was written there.
    if !ribosome.definition().all_zomes().any(|(name, _)| name == named) {
        let unknown = ZomeError::ZomeNotFound(format!("Zome '{named}' not found"));
        return Err(RibosomeError::ConductorApiError(NoZome::from(unknown)).into());
    }
    let is_root = workspace.is_none();
    let workspace = match workspace {
        Some(workspace) => workspace,
        None => cell.workspace().await?,
    };
    let authorization = authorize(cell, &params, is_signed, &workspace).await.map_err(Box::new)?;
    let zome = params.zome_name.clone();
    if authorization != ZomeCallAuthorization::Authorized {
        let ZomeCallParams { cap_secret, zome_name, fn_name, .. } = params;
        return Ok(ZomeCallResponse::Unauthorized(authorization, cap_secret, zome_name, fn_name));
    }
    let own = CellAccess { cell: Arc::clone(cell), workspace };
    let ZomeCallParams { provenance, cap_secret, .. } = params;
    let access = Access::ZomeCall { cell: own.clone(), provenance, cap_secret };
    let run = Run { ribosome: &ribosome, access, budget: &budget };
    let output = run.function(&params.zome_name, &params.fn_name, params.payload).await?;
    let output = output.ok_or_else(|| RibosomeError::ZomeFnNotExists(params.zome_name, params.fn_name))?;
    // What a nested call writes is validated when that call ends, and again with the rest.
    budget.trace().enter(Phase::Validate);
    commit::validate(&own, &ribosome, &budget).await.map_err(Box::new)?;
    if is_root {
        budget.trace().enter(Phase::Write);
        let actions = commit(&own, &budget).await.map_err(Box::new)?;
        budget.trace().wrote(&actions);
        post_commit(own, &ribosome, vec![zome], actions, true, budget);
    }
    Ok(ZomeCallResponse::Ok(output))
}

/// The nonce first, then the grant, so that every call that gets this far uses up its nonce. Nobody can fill a block list: the
/// reasons to block come from elsewhere.
async fn authorize(
    cell: &Cell,
    params: &ZomeCallParams,
    is_signed: bool,
    workspace: &SourceChainWorkspace,
) -> Result<ZomeCallAuthorization, WorkflowError> {
    match cell.witness(params, is_signed).await? {
        WitnessNonceResult::Fresh => {}
        stale => return Ok(ZomeCallAuthorization::BadNonce(format!("{stale:?}"))),
    }
    let function = (params.zome_name.clone(), params.fn_name.clone());
    let lets_through = |grant: &CapAccess| {
        grant.is_valid_for_zome_call(&function, &params.provenance, params.cap_secret.as_ref())
    };
    let chain = workspace.source_chain();
    let is_authorized = lets_through(&CapAccess::from(chain.agent_pubkey().clone()))
        || cell.grants().of(chain, &cell.dht(), params.cap_secret.as_ref()).await?.iter().any(lets_through);
    Ok(if is_authorized { ZomeCallAuthorization::Authorized } else { ZomeCallAuthorization::BadCapGrant })
}
