//! From the scratch space to the chain: either everything that a call staged is valid and written, or nothing is.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use holochain_types::prelude::{ExternIO, FunctionName, SignedActionHashed, ZomeName, action_to_op_types};

use super::staged::Staged;
use super::{app_validation, sys_validation};
use crate::budget::{Budget, Exceeded};
use crate::error::{RibosomeError, WorkflowError};
use crate::host::{Access, CellAccess};
use crate::ribosome::Ribosome;
use crate::run::Run;
use crate::wasm::{MAX_SPARES, exceeded};

/// Validates what is staged.
///
/// # Errors
/// The first record that is not valid, or not yet; or the time of the call is up.
pub(crate) async fn validate(
    CellAccess { cell, workspace }: &CellAccess,
    ribosome: &Arc<Ribosome>,
    budget: &Budget,
) -> Result<(), WorkflowError> {
    let records = workspace.source_chain().scratch_records()?;
    let closes_chains = cell.closes_chains();
    let staged = &Staged::new(&records, workspace);
    for record in &records {
        budget.check().map_err(ended)?;
        sys_validation::validate(record, staged, closes_chains).await?;
    }
    let access = Access::Validate { workspace: workspace.clone().into(), keystore: cell.keystore().clone() };
    let run = &Run { ribosome, access, budget };
    // Concurrently, because each operation has a guest of its own; judged one after the other.
    let operations: Vec<_> = records
        .iter()
        .flat_map(|record| {
            action_to_op_types(record.action()).into_iter().map(move |op_type| (record, op_type))
        })
        .map(|(record, op_type)| app_validation::validate(record, op_type, staged, run))
        .collect();
    stream::iter(operations).buffered(AT_A_TIME).try_collect().await
}

/// Writes what is staged; returns what was written. On a single node, everything that an author writes is integrated at once.
///
/// One commit at a time for a chain. `flush` compares the head under a lock of its own, but releases it before it puts what was
/// staged on the head that it found: a commit in between forks the chain, and if both wrote the same, one is lost
/// (`docs/upstream/relaxed-writes-fork.md`). Nothing else writes to the chain, so holding the turn during `flush` is enough: both
/// heads are then the same.
///
/// # Errors
/// [`HeadMoved`](holochain_state::source_chain::SourceChainError::HeadMoved) if the chain grew in the meantime and the order matters.
/// Or the time of the call is up before it is written, or it is cut off: then it is not written, unless the database was just told to.
///
/// # Cancel safety
/// Dropping the future may leave it written or not.
pub(crate) async fn commit(
    CellAccess { cell, workspace }: &CellAccess,
    budget: &Budget,
) -> Result<Vec<SignedActionHashed>, WorkflowError> {
    let _turn = budget.within(cell.turn()).await.map_err(ended)?;
    let staged = cell.feed().staged(|| workspace.source_chain().scratch_records().unwrap_or_default());
    let scratch = workspace.source_chain().scratch();
    let schedules = scratch.apply(|scratch| !scratch.scheduled_fns().is_empty()).unwrap_or(true);
    let flush = workspace.source_chain().flush(Vec::new());
    let (actions, _) = budget.in_time(flush).await.map_err(ended)??;
    if schedules {
        cell.scheduled().notify_one();
    }
    cell.grants().follow(&actions);
    cell.feed().committed(cell.id(), &actions, staged);
    Ok(actions)
}

/// Tells zomes in the background what was committed; their results are ignored.
pub(crate) fn post_commit(
    own: CellAccess,
    ribosome: &Arc<Ribosome>,
    zomes: Vec<ZomeName>,
    actions: Vec<SignedActionHashed>,
    may_call: bool,
    budget: Budget,
) {
    if actions.is_empty() {
        return;
    }
    let (tasks, ribosome) = (own.cell.tasks().clone(), Arc::clone(ribosome));
    let budget = budget.detached().in_cell(own.cell.ended());
    tasks.spawn(async move {
        let _told = budget.trace().post_commit();
        let Ok(input) = ExternIO::encode(&actions) else { return };
        let access = Access::PostCommit { cell: own, may_call };
        let run = Run { ribosome: &ribosome, access, budget: &budget };
        let _turn = budget.aside().await;
        for zome in zomes {
            let ran = async {
                budget.call().map_err(exceeded)?;
                run.function(&zome, &FunctionName::new("post_commit"), input.clone()).await
            };
            if let Err(error) = ran.await
                && !budget.is_cut()
            {
                tracing::error!(%zome, %error, "post_commit failed");
            }
        }
    });
}

fn ended(error: Exceeded) -> WorkflowError {
    RibosomeError::from(exceeded(error)).into()
}

/// How many operations of one commit are validated at the same time: as many as find an instance ready.
const AT_A_TIME: usize = MAX_SPARES;
