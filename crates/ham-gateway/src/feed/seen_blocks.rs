//! Which blocks were already told.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

/// The newest blocks that were told, by cell. `post_commit` of every coordinator zome is given the commit of `init`, so
/// that one comes once for each zome.
#[derive(Debug)]
pub(super) struct SeenBlocks<C>(HashMap<C, Ring>);

#[derive(Debug, Default)]
struct Ring {
    order: VecDeque<String>,
    hashes: HashSet<String>,
}

impl<C: Clone + Eq + Hash> SeenBlocks<C> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// Whether this block is told for the first time.
    pub(super) fn is_first(&mut self, cell: &C, hash: &str) -> bool {
        if !self.0.contains_key(cell) && self.0.len() >= MOST_CELLS {
            self.0.clear();
        }
        let ring = self.0.entry(cell.clone()).or_default();
        if !ring.hashes.insert(hash.to_owned()) {
            return false;
        }
        ring.order.push_back(hash.to_owned());
        if ring.order.len() > MOST_HASHES
            && let Some(oldest) = ring.order.pop_front()
        {
            ring.hashes.remove(&oldest);
        }
        true
    }
}

/// Blocks that are remembered per cell: more than one commit has.
const MOST_HASHES: usize = 256;
/// Cells that are remembered; beyond them the memory starts again from nothing.
const MOST_CELLS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_told_once_for_each_cell() {
        let mut seen = SeenBlocks::new();
        assert!(seen.is_first(&1, "a") && seen.is_first(&2, "a"));
        assert!(!seen.is_first(&1, "a"));
        for n in 0..MOST_HASHES {
            assert!(seen.is_first(&1, &n.to_string()));
        }
        assert!(seen.is_first(&1, "a"), "it is remembered for ever");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut seen = SeenBlocks::new();
        for cell in 0..5 * MOST_CELLS {
            seen.is_first(&cell, "a");
        }
        assert!(seen.0.len() <= MOST_CELLS);
    }
}
