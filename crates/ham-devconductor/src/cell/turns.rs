//! What a chain has for as long as anyone may write to it: whose turn that is, who is notified when something is scheduled, and when its cell ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use holochain_types::prelude::CellId;
use tokio::sync::{MutexGuard, Notify};
use tokio_util::sync::CancellationToken;

pub(crate) type Turn = Arc<Chain>;

#[derive(Default)]
pub(crate) struct Chain {
    turn: tokio::sync::Mutex<()>,
    /// Told when a function of the cell is scheduled.
    pub(super) scheduled: Notify,
    /// Cancelled when the cell is removed. Replaced when it is there again.
    ended: Mutex<CancellationToken>,
}

impl Chain {
    /// Held by the writer.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Cancelled when the cell that runs now, or ran last, is removed.
    pub(super) fn ended(&self) -> CancellationToken {
        self.end().clone()
    }

    /// A cell on this chain runs from now on.
    pub(super) fn begin(&self) {
        let mut end = self.end();
        if end.is_cancelled() {
            *end = CancellationToken::new();
        }
    }

    fn end(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those of the chains of one conductor. A cell that is stopped and started again keeps its turn, because earlier calls may still be running.
#[derive(Default)]
pub(crate) struct Turns {
    chains: Mutex<HashMap<CellId, Weak<Chain>>>,
}

impl Turns {
    /// Ends the calls that are still running in a cell, which is removed.
    pub(crate) fn end(&self, cell: &CellId) {
        let chain = self.chains().get(cell).and_then(Weak::upgrade);
        if let Some(chain) = chain {
            chain.end().cancel();
        }
    }

    pub(crate) fn of(&self, cell: &CellId) -> Turn {
        let mut chains = self.chains();
        if let Some(turn) = chains.get(cell).and_then(Weak::upgrade) {
            return turn;
        }
        chains.retain(|_, turn| turn.strong_count() > 0);
        let turn = Turn::default();
        chains.insert(cell.clone(), Arc::downgrade(&turn));
        turn
    }

    fn chains(&self) -> std::sync::MutexGuard<'_, HashMap<CellId, Weak<Chain>>> {
        self.chains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use holo_hash::{AgentPubKey, DnaHash};

    use super::*;

    fn cell(agent: u8) -> CellId {
        CellId::new(DnaHash::from_raw_32(vec![0; 32]), AgentPubKey::from_raw_32(vec![agent; 32]))
    }

    /// The earlier ones must end although the cell is there again.
    #[test]
    fn a_cell_that_is_made_anew_has_an_end_of_its_own() {
        let turns = Turns::default();
        let chain = turns.of(&cell(1));
        let before = chain.ended();
        chain.begin();
        turns.end(&cell(2));
        assert!(!before.is_cancelled());
        turns.end(&cell(1));
        assert!(before.is_cancelled() && chain.ended().is_cancelled(), "until it runs again");
        turns.of(&cell(1)).begin();
        assert!(before.is_cancelled() && !chain.ended().is_cancelled());
    }

    #[test]
    fn a_chain_has_one_turn_for_as_long_as_anybody_may_write_to_it() {
        let turns = Turns::default();
        let first = turns.of(&cell(1));
        assert!(Arc::ptr_eq(&first, &turns.of(&cell(1))));
        assert!(!Arc::ptr_eq(&first, &turns.of(&cell(2))));
        drop(first);
        for agent in 3..100 {
            turns.of(&cell(agent));
        }
        assert_eq!(turns.chains.lock().unwrap().len(), 1);
    }
}
