//! `init` of a cell's zomes, before its first call.

use std::sync::Arc;

use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_types::prelude::{
    ActionData, ChainTopOrdering, ExternIO, FunctionName, InitCallbackResult, InitZomesCompleteData,
};

use super::commit::{self, commit, post_commit};
use crate::conductor::{Cell, INIT_PATIENCE};
use crate::error::{CellError, InitResult, WorkflowError};
use crate::host::{Access, CellAccess};
use crate::ribosome::{Ribosome, names};

/// Runs it unless it was run: all zomes in order, one commit. A failure leaves nothing, and the next call tries again.
///
/// # Errors
/// [`InitFailed`](CellError::InitFailed) with the zome that failed or waits, [`InitTimeout`](CellError::InitTimeout) where
/// another call runs it for longer than [`INIT_PATIENCE`], or why it could not be run.
pub(crate) async fn initialize(cell: &Arc<Cell>) -> Result<(), CellError> {
    if cell.is_initialized() {
        return Ok(());
    }
    let turn = tokio::time::timeout(INIT_PATIENCE, cell.init_turn()).await;
    let _turn = turn.map_err(|_| CellError::InitTimeout)?;
    initialize_in_turn(cell, &cell.ribosome()).await?;
    cell.set_initialized();
    Ok(())
}

async fn initialize_in_turn(cell: &Arc<Cell>, ribosome: &Arc<Ribosome>) -> Result<(), CellError> {
    let workspace = SourceChainWorkspace::init_as_root(
        cell.dht(),
        cell.keystore().clone(),
        cell.id().agent_pubkey().clone(),
    )
    .await?;
    if workspace.source_chain().zomes_initialized().await? {
        return Ok(());
    }
    match run(cell, ribosome, &workspace).await.map_err(Box::new)? {
        InitResult::Pass => {}
        failed => return Err(CellError::InitFailed(Box::new(failed))),
    }
    let actions = commit(cell, &workspace).await.map_err(Box::new)?;
    cell.forget_init_properties().await.map_err(Box::new)?;
    post_commit(cell, ribosome, workspace, names(ribosome.coordinators()), actions, false);
    Ok(())
}

async fn run(
    cell: &Arc<Cell>,
    ribosome: &Arc<Ribosome>,
    workspace: &SourceChainWorkspace,
) -> Result<InitResult, WorkflowError> {
    let access = Access::Init(CellAccess { cell: Arc::clone(cell), workspace: workspace.clone() });
    let (function, input) = (FunctionName::new("init"), ExternIO::encode(())?);
    let results =
        ribosome.fold::<InitCallbackResult>(names(ribosome.zomes()), &function, &input, access).await?;
    let results = results.into_iter().map(|(zome, result)| InitResult::of(zome, result));
    let result = results.into_iter().find(|result| *result != InitResult::Pass).unwrap_or(InitResult::Pass);
    let marker = ActionData::InitZomesComplete(InitZomesCompleteData {});
    workspace.source_chain().put(marker, None, ChainTopOrdering::Strict).await?;
    commit::validate(cell, ribosome, workspace).await?;
    Ok(result)
}
