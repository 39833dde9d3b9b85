//! Functions that zomes have scheduled.

use futures_util::{StreamExt as _, stream};
use holochain_state::prelude::DhtStoreError;
use holochain_types::prelude::{ExternIO, Schedule, ScheduledFn, ZomeCallResponse};

use crate::cell::{Caller, Cell};
use crate::decode::decode;
use crate::error::WorkflowError;

/// Runs what is due in a cell. What a function answers is its next schedule; one that fails or answers `None` is
/// scheduled no more.
///
/// # Errors
/// The store failed; what was due is then still due.
pub(crate) async fn run_scheduled(cell: &Cell) -> Result<(), WorkflowError> {
    let (now, author, dht) = (cell.now(), cell.id().agent_pubkey(), cell.dht());
    dht.reschedule_expired_persisted(author, now).await;
    let due = dht.live_scheduled_functions(author, now).await?;
    if due.is_empty() {
        return Ok(());
    }
    dht.delete_live_ephemeral_scheduled_functions(author, now).await.map_err(other)?;
    let calls: Vec<_> =
        due.iter().map(|(function, schedule, _)| run(cell, function, schedule.as_ref())).collect();
    let mut answers = stream::iter(calls).buffered(OF_A_CELL).zip(stream::iter(&due));
    while let Some((answer, (function, _, is_ephemeral))) = answers.next().await {
        match answer {
            Some(next) => dht.upsert_scheduled_function(author, function, &Some(next), cell.now()).await,
            None if *is_ephemeral => Ok(0),
            None => dht.unschedule_function(author, function).await,
        }
        .map_err(other)?;
    }
    Ok(())
}

async fn run(cell: &Cell, function: &ScheduledFn, schedule: Option<&Schedule>) -> Option<Schedule> {
    let payload = ExternIO::encode(schedule).ok()?;
    let (zome, name) = (function.zome_name().clone(), function.fn_name().clone());
    let _place = cell.schedule_place().await?;
    let params = cell.call_of(cell.id().clone(), zome, name, payload).ok()?;
    match cell.home().ok()?.call_zome(params, Caller::root(cell.budget())).await {
        Ok(ZomeCallResponse::Ok(answer)) => decode(answer.as_bytes()).ok()?,
        Ok(refused) => {
            tracing::error!(function = %function.fn_name(), %refused, "a scheduled function was refused");
            None
        }
        Err(error) => {
            tracing::error!(function = %function.fn_name(), %error, "a scheduled function failed");
            None
        }
    }
}

/// Scheduled functions that run at a time: of a conductor, and of one cell of it.
pub(crate) const SCHEDULED_AT_A_TIME: usize = 64;
const OF_A_CELL: usize = 4;

fn other(error: DhtStoreError) -> WorkflowError {
    WorkflowError::Other(error.to_string())
}
