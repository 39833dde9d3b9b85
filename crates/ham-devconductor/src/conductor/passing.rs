//! Moves the clock forward, and runs what falls due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use holochain_types::prelude::Timestamp;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, timeout_at};

use super::Conductor;
use crate::cell::Cell;
use crate::clock::TooLate;
use crate::error::Cause;
use crate::workflow::{Looked, run_due};

/// What ran while time passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passed {
    /// How often each scheduled function ran, by its zome and its name. The runs of all cells are added up.
    pub runs: BTreeMap<(String, String), usize>,
    /// What was skipped, if a limit was reached.
    pub skipped: Option<Skipped>,
}

/// What did not run while time passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The first due time that was skipped. Functions that were due from then on run at their next time.
    pub from: Timestamp,
    /// The limit that was reached.
    pub limit: PassLimit,
}

/// A limit of what runs during one move of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassLimit {
    /// [`MAX_RUNS`] functions ran.
    Runs,
    /// They ran for [`MAX_RUNS_TIME`].
    Time,
}

impl Conductor {
    /// Moves the clock forward, from one due time to the next, and runs what is due at each.
    ///
    /// # Errors
    /// The time is later than 2099; the clock is unchanged, unless someone else moved it meanwhile.
    pub(crate) async fn pass_time(&self, by: Duration) -> Result<Passed, TooLate> {
        let clock = self.clock();
        clock.can_advance(by)?;
        let (mut passed, mut left, until) = (Passed::default(), by, Instant::now() + MAX_RUNS_TIME);
        let mut running = self.running();
        // Other tasks that do this take the turns in the same order.
        running.sort_unstable_by(|a, b| a.id().cmp(b.id()));
        let mut cells = Vec::new();
        for cell in &running {
            // If a function runs on and on, its cell follows the clock by itself.
            if let Ok(turn) = timeout_at(until, cell.schedules().turn()).await {
                cells.push((cell, turn));
            }
        }
        while let Some(next) = passed.run_due(&cells, until).await {
            let ahead = next.as_micros().saturating_sub(clock.now().as_micros());
            let step = Duration::from_micros(ahead.try_into().unwrap_or_default());
            if step > left {
                break;
            }
            if let Some(limit) = passed.limit(until) {
                passed.skipped = Some(Skipped { from: next, limit });
                break;
            }
            clock.advance(step)?;
            left -= step;
        }
        clock.advance(left)?;
        Ok(passed)
    }
}

impl Passed {
    /// The limit that is reached, if one is.
    fn limit(&self, until: Instant) -> Option<PassLimit> {
        if self.runs.values().sum::<usize>() >= MAX_RUNS {
            Some(PassLimit::Runs)
        } else {
            (Instant::now() >= until).then_some(PassLimit::Time)
        }
    }

    /// Runs what is due now in these cells; returns the next due time.
    async fn run_due(
        &mut self,
        cells: &[(&Arc<Cell>, MutexGuard<'_, ()>)],
        until: Instant,
    ) -> Option<Timestamp> {
        let mut next = None;
        for (cell, _) in cells {
            match self.run_due_in(cell, until).await {
                Ok(of_cell) => next = [next, of_cell].into_iter().flatten().min(),
                Err(error) => {
                    tracing::error!(cell = %cell.id(), %error, "scheduled functions could not be run");
                }
            }
        }
        next
    }

    async fn run_due_in(&mut self, cell: &Cell, until: Instant) -> Result<Option<Timestamp>, Cause> {
        let mut clock = cell.clock().watcher();
        loop {
            let _guard = cell.tasks().work().begin().await;
            if cell.stopped().is_cancelled() {
                return Ok(None);
            }
            // A function may always be due again.
            if self.limit(until).is_some() {
                return cell.schedules().soonest(clock.now()).await;
            }
            match run_due(cell, &mut clock).await? {
                Looked::Next(next) => return Ok(next),
                // It was cut off; the task that follows the cell takes care of it.
                Looked::Ran(ran) if ran.is_empty() => return Ok(None),
                Looked::Ran(ran) => {
                    for function in ran {
                        let name = (function.zome_name().0.to_string(), function.fn_name().0.clone());
                        *self.runs.entry(name).or_default() += 1;
                    }
                }
            }
        }
    }
}

/// How many scheduled functions run during one move of the clock.
pub const MAX_RUNS: usize = 1_000;
/// How long they may take: after this time, by the system's clock, no more of them are started.
pub const MAX_RUNS_TIME: Duration = Duration::from_secs(30);
