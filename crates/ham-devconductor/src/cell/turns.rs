//! What a chain has for as long as anybody may write to it: whose turn that is, and who is told when something is scheduled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use holochain_types::prelude::CellId;
use tokio::sync::{MutexGuard, Notify};

pub(crate) type Turn = Arc<Chain>;

#[derive(Default)]
pub(crate) struct Chain {
    turn: tokio::sync::Mutex<()>,
    /// Told when a function of the cell is scheduled.
    pub(super) scheduled: Notify,
}

impl Chain {
    /// Held by whoever writes.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}

/// Of the chains of one conductor. A cell that is stopped and started again has the turn that it had, because calls of
/// before may still run.
#[derive(Default)]
pub(crate) struct Turns {
    chains: Mutex<HashMap<CellId, Weak<Chain>>>,
}

impl Turns {
    pub(crate) fn of(&self, cell: &CellId) -> Turn {
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = chains.get(cell).and_then(Weak::upgrade) {
            return turn;
        }
        chains.retain(|_, turn| turn.strong_count() > 0);
        let turn = Turn::default();
        chains.insert(cell.clone(), Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use holo_hash::{AgentPubKey, DnaHash};

    use super::*;

    #[test]
    fn a_chain_has_one_turn_for_as_long_as_anybody_may_write_to_it() {
        let cell = |agent: u8| {
            CellId::new(DnaHash::from_raw_32(vec![0; 32]), AgentPubKey::from_raw_32(vec![agent; 32]))
        };
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
