//! From the scratch to the chain: everything a call staged is valid and written, or nothing is.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use holochain_state::host_fn_workspace::SourceChainWorkspace;
use holochain_types::prelude::{ExternIO, FunctionName, SignedActionHashed, ZomeName, action_to_op_types};

use super::{app_validation, sys_validation};
use crate::conductor::Cell;
use crate::error::WorkflowError;
use crate::host::{Access, CellAccess};
use crate::ribosome::Ribosome;
use crate::wasm::MAX_SPARES;

/// Validates what is staged.
///
/// # Errors
/// The first record that is not valid, or not yet.
pub(crate) async fn validate(
    cell: &Cell,
    ribosome: &Arc<Ribosome>,
    workspace: &SourceChainWorkspace,
) -> Result<(), WorkflowError> {
    let records = workspace.source_chain().scratch_records()?;
    let closes_chains = cell.closes_chains();
    for record in &records {
        sys_validation::validate(record, workspace, closes_chains).await?;
    }
    // Side by side, because each operation has a guest of its own; judged one after the other.
    let operations: Vec<_> = records
        .iter()
        .flat_map(|record| {
            action_to_op_types(record.action()).into_iter().map(move |op_type| (record, op_type))
        })
        .map(|(record, op_type)| {
            app_validation::validate(record, op_type, workspace, cell.keystore(), ribosome)
        })
        .collect();
    stream::iter(operations).buffered(AT_A_TIME).try_collect().await
}

/// Writes what is staged; answers what was written. On one node everything an author writes is integrated with it.
///
/// # Errors
/// [`HeadMoved`](holochain_state::source_chain::SourceChainError::HeadMoved) where the chain grew meanwhile and the order
/// matters.
///
/// # Cancel safety
/// Dropping the future may leave it written or not.
pub(crate) async fn commit(
    cell: &Cell,
    workspace: &SourceChainWorkspace,
) -> Result<Vec<SignedActionHashed>, WorkflowError> {
    let (actions, _) = workspace.source_chain().flush(Vec::new()).await?;
    cell.grants().follow(&actions);
    Ok(actions)
}

/// Tells zomes in the background of what was committed; what they answer is ignored.
pub(crate) fn post_commit(
    cell: &Arc<Cell>,
    ribosome: &Arc<Ribosome>,
    workspace: SourceChainWorkspace,
    zomes: Vec<ZomeName>,
    actions: Vec<SignedActionHashed>,
    may_call: bool,
) {
    let (Ok(conductor), false) = (cell.conductor(), actions.is_empty()) else { return };
    let (cell, ribosome) = (Arc::clone(cell), Arc::clone(ribosome));
    conductor.tasks().spawn(async move {
        let Ok(input) = ExternIO::encode(&actions) else { return };
        for zome in zomes {
            let access = CellAccess { cell: Arc::clone(&cell), workspace: workspace.clone() };
            let access = Access::PostCommit { cell: access, may_call };
            let ran = ribosome.run(&zome, &FunctionName::new("post_commit"), input.clone(), access).await;
            if let Err(error) = ran {
                tracing::error!(%zome, %error, "post_commit failed");
            }
        }
    });
}

/// Operations of one commit that are validated side by side: as many as find an instance ready.
const AT_A_TIME: usize = MAX_SPARES;
