//! Functions that zomes have scheduled.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use holochain_types::prelude::{ExternIO, Schedule, ScheduledFn, Timestamp, ZomeCallResponse};
use holochain_zome_types::prelude::SCHEDULER_INTERVAL;
use tokio::time::Instant;

use crate::cell::{Caller, Cell};
use crate::clock::Watcher;
use crate::decode::decode;
use crate::error::Cause;
use crate::stores::Due;

/// Runs what a cell's zomes have scheduled when it is due, until the cell is stopped. It sleeps until then, and wakes up when
/// something is scheduled and when the clock is moved.
pub(crate) async fn follow_schedules(cell: Arc<Cell>) {
    let mut clock = cell.clock().watcher();
    loop {
        // Whoever lets time pass runs them meanwhile.
        let turn = cell.stopped().run_until_cancelled(cell.schedules().turn()).await;
        let guard = cell.tasks().work().begin().await;
        if cell.stopped().is_cancelled() {
            return;
        }
        let looked = AssertUnwindSafe(run_due(&cell, &mut clock)).catch_unwind().await;
        drop((guard, turn));
        let rest = async {
            match looked {
                Ok(Ok(Looked::Next(next))) => tokio::select! {
                    () = clock.until(next) => {}
                    () = cell.scheduled().notified() => {}
                },
                // Others need the processor, too.
                Ok(Ok(Looked::Ran(_))) => pause().await,
                Ok(Err(error)) => {
                    tracing::error!(cell = %cell.id(), %error, "scheduled functions could not be run");
                    pause().await;
                }
                Err(_) => {
                    tracing::error!(cell = %cell.id(), "running scheduled functions panicked");
                    pause().await;
                }
            }
        };
        if cell.stopped().run_until_cancelled(rest).await.is_none() {
            return;
        }
    }
}

/// What there was to do.
pub(crate) enum Looked {
    /// Something was due: these have run.
    Ran(Vec<ScheduledFn>),
    /// Nothing is due before this time.
    Next(Option<Timestamp>),
}

/// Runs what is due in a cell, for the holder of the turn of its schedules. A function's answer is its next schedule; a function that
/// fails or answers `None` is no longer scheduled.
pub(crate) async fn run_due(cell: &Cell, clock: &mut Watcher) -> Result<Looked, Cause> {
    let (schedules, now, ended) = (cell.schedules(), clock.now(), cell.ended());
    // A time that was set before the clock went back comes sooner; and what has just been scheduled is due at once.
    let next = schedules.next(now).await?;
    let due = schedules.take_due(now).await?;
    if due.is_empty() {
        return Ok(Looked::Next(next));
    }
    let calls: Vec<_> = due.iter().map(|due| run(cell, due, clock)).collect();
    let mut answers = stream::iter(calls).buffered(OF_A_CELL).zip(stream::iter(&due));
    let mut ran = Vec::new();
    while let Some((answer, due)) = answers.next().await {
        if matches!(answer, Answer::Again(_)) {
            ran.push(due.function.clone());
        }
        match answer {
            // Its schedules went with it.
            _ if ended.is_cancelled() => {}
            Answer::Again(next) => schedules.follow(due, next, now).await?,
            Answer::NotRun => {
                schedules.put_back(due, now).await?;
                // For whoever follows them now: the cell may have been stopped, and started again.
                cell.scheduled().notify_one();
            }
        }
    }
    Ok(Looked::Ran(ran))
}

/// How a scheduled function ended.
enum Answer {
    /// It is scheduled like this, or no longer.
    Again(Option<Schedule>),
    /// It was cut off, its cell was stopped before it ran, or the clock was moved, so that its call was too old or too new.
    NotRun,
}

async fn run(cell: &Cell, Due { function, schedule, .. }: &Due, clock: &Watcher) -> Answer {
    let Ok(payload) = ExternIO::encode(schedule) else { return Answer::Again(None) };
    let (zome, name) = (function.zome_name().clone(), function.fn_name().clone());
    let Some(_place) = cell.schedule_place().await else { return Answer::NotRun };
    let Ok(params) = cell.call_of(cell.id().clone(), zome, name, payload) else { return Answer::Again(None) };
    let Ok(home) = cell.home() else { return Answer::NotRun };
    let budget = cell.budget();
    match home.call_zome(params, Caller::root(budget.clone())).await {
        Ok(ZomeCallResponse::Ok(answer)) => Answer::Again(decode(answer.as_bytes()).unwrap_or_default()),
        _ if budget.is_cut() || cell.stopped().is_cancelled() || clock.has_moved() => Answer::NotRun,
        Ok(refused) => {
            tracing::error!(function = %function.fn_name(), %refused, "a scheduled function was refused");
            Answer::Again(None)
        }
        Err(error) => {
            tracing::error!(function = %function.fn_name(), %error, "a scheduled function failed");
            Answer::Again(None)
        }
    }
}

async fn pause() {
    tokio::time::sleep_until(Instant::now() + SCHEDULER_INTERVAL).await;
}

/// How many scheduled functions run at a time: of a conductor, and of one of its cells.
pub(crate) const SCHEDULED_AT_A_TIME: usize = 64;
const OF_A_CELL: usize = 4;
