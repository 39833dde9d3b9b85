//! Per cell, one call at a time that may write: concurrent writes with relaxed ordering fork the cell's source chain.
//!
//! Measured on `holochain` 0.6.3 to 0.8.0-dev.14 (`docs/upstream/`): the conductor acknowledges all of them, two actions share
//! a sequence number, and peers may warrant the agent. With strict ordering all but one of them are refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use holochain_zome_types::cell::CellId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How many calls may wait for one cell, across all connections of the process.
pub const MAX_WAITING_FOR_CELL: usize = 4096;

/// The cells that have been called. Shared by all connections of a process; bounded by the number of its cells.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    cells: Mutex<BTreeMap<CellId, Arc<Cell>>>,
}

#[derive(Debug)]
struct Cell {
    /// Its holder is the call under way; fair, so calls leave in the order in which they were made.
    turn: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// Why a call did not enter its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The maximum number of calls is already waiting.
    Full { limit: usize },
    /// Its turn did not come in time.
    TimedOut,
}

/// The lane that a call holds until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    held: Option<(CellId, OwnedSemaphorePermit)>,
}

impl Lane {
    /// Waits for the call's turn. Does nothing if it already has it.
    ///
    /// Cancel-safe: a turn that was not taken passes to the next call.
    pub(crate) async fn enter(&mut self, lanes: &Lanes, cell: &CellId, by: Instant) -> Result<(), Refused> {
        if self.held.as_ref().is_some_and(|(held, _)| held == cell) {
            return Ok(());
        }
        // Never hold one and wait for another: two calls could wait for each other's.
        self.held = None;
        let lane = lanes.of(cell);
        let full = Refused::Full { limit: MAX_WAITING_FOR_CELL };
        let _place = Arc::clone(&lane.places).try_acquire_owned().map_err(|_| full)?;
        match tokio::time::timeout_at(by, Arc::clone(&lane.turn).acquire_owned()).await {
            Ok(Ok(turn)) => {
                self.held = Some((cell.clone(), turn));
                Ok(())
            }
            // A lane is never closed.
            Ok(Err(_)) | Err(_) => Err(Refused::TimedOut),
        }
    }
}

impl Lanes {
    fn of(&self, cell: &CellId) -> Arc<Cell> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        match cells.get(cell) {
            Some(lane) => Arc::clone(lane),
            None => Arc::clone(cells.entry(cell.clone()).or_insert_with(|| Arc::new(Cell::new()))),
        }
    }
}

impl Cell {
    fn new() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), places: Arc::new(Semaphore::new(MAX_WAITING_FOR_CELL)) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use holochain_zome_types::prelude::{AgentPubKey, DnaHash};

    use super::*;

    fn cell(byte: u8) -> CellId {
        CellId::new(DnaHash::from_raw_36(vec![byte; 36]), AgentPubKey::from_raw_36(vec![2; 36]))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_to_a_cell_and_others_beside_it() {
        let lanes = Lanes::default();
        let (mut one, mut two, mut other) = (Lane::default(), Lane::default(), Lane::default());
        assert_eq!(one.enter(&lanes, &cell(1), soon()).await, Ok(()));
        assert_eq!(one.enter(&lanes, &cell(1), soon()).await, Ok(()), "its turn has come");
        assert_eq!(other.enter(&lanes, &cell(2), soon()).await, Ok(()));
        assert_eq!(two.enter(&lanes, &cell(1), soon()).await, Err(Refused::TimedOut));
        drop(one);
        assert_eq!(two.enter(&lanes, &cell(1), soon()).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_while_waiting_holds_up_nobody() {
        let lanes = Lanes::default();
        let (mut one, mut two, mut three) = (Lane::default(), Lane::default(), Lane::default());
        assert_eq!(one.enter(&lanes, &cell(1), soon()).await, Ok(()));
        {
            let cell = cell(1);
            let mut waiting = std::pin::pin!(two.enter(&lanes, &cell, soon()));
            assert!(futures_util::poll!(&mut waiting).is_pending());
        }
        drop(one);
        assert_eq!(three.enter(&lanes, &cell(1), soon()).await, Ok(()));
    }
}
