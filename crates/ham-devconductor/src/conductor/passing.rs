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
    /// How often each scheduled function ran, in all cells, by its zome and its name.
    pub runs: BTreeMap<(String, String), usize>,
    /// The first due time that was skipped, because more than [`MAX_RUNS`] runs fell due, or because they took too
    /// long. Functions that were due from then on run at their next time.
    pub skipped_from: Option<Timestamp>,
}

impl Conductor {
    /// Moves the clock forward, from one due time to the next, and runs what is due at each.
    ///
    /// # Errors
    /// The time is later than 2099; the clock is unchanged, unless someone else moved it meanwhile.
    pub(crate) async fn pass_time(&self, by: Duration) -> Result<Passed, TooLate> {
        let clock = self.clock();
        clock.can_advance(by)?;
        let (mut passed, mut left, until) = (Passed::default(), by, Instant::now() + PATIENCE);
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
            if passed.is_enough(until) {
                passed.skipped_from = Some(next);
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
    fn is_enough(&self, until: Instant) -> bool {
        self.runs.values().sum::<usize>() >= MAX_RUNS || Instant::now() >= until
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
            if self.is_enough(until) {
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
/// After this time no more of them are started.
const PATIENCE: Duration = Duration::from_secs(30);
