//! What is counted at the end of a life.

use std::collections::BTreeMap;

use super::cell::Cell;
use super::conductor::Conductor;
use crate::event::{Cause, Happened};

impl Conductor {
    /// Records what is on the chains.
    pub(crate) fn audit(&self) {
        let entries =
            |cell: &Cell| cell.chain.iter().map(|entry| (cell.number, entry.cause)).collect::<Vec<_>>();
        let chains: Vec<(u32, Cause)> = self.lock().store.cells.iter().flat_map(entries).collect();
        for (cell, cause) in chains {
            self.world.note(Happened::OnChain { cell, cause });
        }
    }

    /// Checks that an interface is attached if none is listed, and only then.
    pub(crate) fn audit_interfaces(&self) {
        let attached = self.lock().store.interfaces.len();
        if attached > 1 {
            self.world.broken("I18", format!("{attached} interfaces are attached"));
        }
    }

    /// Compares the grants on the chains with the keys of `processes` processes, and with the file that holds them.
    pub(crate) fn audit_grants(&self, processes: usize, file: Option<&[u8]>) {
        let tags_of = |cell: &Cell| {
            let mut tags: BTreeMap<String, u32> = BTreeMap::new();
            let grants = cell.chain.iter().filter_map(|entry| entry.grant.as_ref());
            grants
                .filter(|grant| !grant.revoked)
                .for_each(|grant| *tags.entry(grant.tag.clone()).or_default() += 1);
            (cell.number, tags)
        };
        let cells: Vec<_> = self.lock().store.cells.iter().map(tags_of).collect();
        for (cell, tags) in cells {
            // A grant that takes longer than its answer is awaited is requested again.
            if let Some(times) =
                tags.values().find(|times| **times > 1).filter(|_| !self.world.swarm.delays_grants())
            {
                self.world.broken("I18", format!("cell {cell} has {times} grants of one key"));
            }
            let keys = if file.is_some() { 1 } else { processes };
            if tags.len() > keys {
                self.world.broken("I18", format!("cell {cell} has {} grants, of {keys} keys", tags.len()));
            }
            let holds =
                |file: &[u8], tag: &str| file.windows(tag.len()).any(|window| window == tag.as_bytes());
            if let Some(file) = file
                && tags.keys().any(|tag| !holds(file, tag))
            {
                self.world.broken("I20", format!("cell {cell} has a grant whose key the file does not hold"));
            }
        }
    }
}
