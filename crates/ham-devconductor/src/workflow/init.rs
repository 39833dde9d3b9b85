//! `init` of a cell's zomes, before its first call.

use std::sync::Arc;
use std::time::Duration;

use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_types::prelude::{
    ActionData, ChainTopOrdering, ExternIO, FunctionName, InitCallbackResult, InitZomesCompleteData,
};

use super::commit::{self, commit, post_commit};
use crate::budget::Budget;
use crate::cell::Cell;
use crate::error::{CellError, InitResult, WorkflowError};
use crate::host::{Access, CellAccess};
use crate::ribosome::{Ribosome, names};
use crate::run::Run;

/// Runs it unless it has run: all zomes in order, one commit. A failure leaves nothing behind, and the next call tries again.
///
/// # Errors
/// [`InitFailed`](CellError::InitFailed) with the zome that failed or waits, [`InitTimeout`](CellError::InitTimeout) if another call
/// runs it for longer than [`INIT_PATIENCE`], or why it could not be run.
pub(crate) async fn initialize(cell: &Arc<Cell>, budget: &Budget) -> Result<(), CellError> {
    if cell.is_initialized() {
        return Ok(());
    }
    let turn = tokio::time::timeout(INIT_PATIENCE, cell.init_turn()).await;
    let _turn = turn.map_err(|_| CellError::InitTimeout { after: INIT_PATIENCE })?;
    initialize_in_turn(cell, &cell.ribosome(), budget).await?;
    cell.set_initialized();
    Ok(())
}

async fn initialize_in_turn(
    cell: &Arc<Cell>,
    ribosome: &Arc<Ribosome>,
    budget: &Budget,
) -> Result<(), CellError> {
    let workspace = SourceChainWorkspace::init_as_root(
        cell.dht(),
        cell.keystore().clone(),
        cell.id().agent_pubkey().clone(),
    )
    .await?;
    if workspace.source_chain().zomes_initialized().await? {
        return Ok(());
    }
    let own = CellAccess { cell: Arc::clone(cell), workspace };
    match run(&own, ribosome, budget).await.map_err(Box::new)? {
        InitResult::Pass => {}
        failed => return Err(CellError::InitFailed(Box::new(failed))),
    }
    let actions = commit(&own, budget).await.map_err(Box::new)?;
    let forgotten = cell.apps().forget_init_properties(cell.id()).await;
    forgotten.map_err(|error| Box::new(WorkflowError::from(error)))?;
    post_commit(own, ribosome, names(ribosome.coordinators()), actions, false, budget.clone());
    Ok(())
}

async fn run(
    own: &CellAccess,
    ribosome: &Arc<Ribosome>,
    budget: &Budget,
) -> Result<InitResult, WorkflowError> {
    let run = Run { ribosome, access: Access::Init(own.clone()), budget };
    let (function, input) = (FunctionName::new("init"), ExternIO::encode(())?);
    let results = run.callbacks::<InitCallbackResult>(names(ribosome.zomes()), &function, &input).await?;
    let results = results.into_iter().map(|(zome, result)| InitResult::of(zome, result));
    let result = results.into_iter().find(|result| *result != InitResult::Pass).unwrap_or(InitResult::Pass);
    let marker = ActionData::InitZomesComplete(InitZomesCompleteData {});
    own.workspace.source_chain().put(marker, None, ChainTopOrdering::Strict).await?;
    commit::validate(own, ribosome, budget).await?;
    Ok(result)
}

/// How long a call waits for its cell's `init` that another call is running, as in `holochain` 0.7.1.
const INIT_PATIENCE: Duration = Duration::from_secs(30);
