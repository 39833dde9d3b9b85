//! Requests that are with the peer and that nobody waits for.

use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::RandomState;
use tokio::time::Instant;

/// Requests that are with the peer and that nobody waits for: they timed out, or their callers went away. There are no more of them
/// than places. Kept separate from the awaited requests, so that the hot path does not meet them.
#[derive(Debug)]
pub(super) struct Abandoned<K> {
    by_key: HashMap<K, Left, RandomState>,
    count: usize,
}

/// If the wire has no ids, several can be with the peer under one key.
#[derive(Debug)]
struct Left {
    count: usize,
    /// When the oldest of them was submitted.
    since: Instant,
}

impl<K> Default for Abandoned<K> {
    fn default() -> Self {
        Self { by_key: HashMap::default(), count: 0 }
    }
}

impl<K: Eq + Hash> Abandoned<K> {
    pub(super) fn add(&mut self, key: K, since: Instant) {
        self.count += 1;
        let left = self.by_key.entry(key).or_insert(Left { count: 0, since });
        left.count += 1;
        left.since = left.since.min(since);
    }

    /// The peer answered one of them; returns whether there was one.
    pub(super) fn answered(&mut self, key: &K) -> bool {
        let Some(left) = self.by_key.get_mut(key) else { return false };
        self.count -= 1;
        left.count -= 1;
        if left.count == 0 {
            self.by_key.remove(key);
        }
        true
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn oldest(&self) -> Option<Instant> {
        self.by_key.values().map(|left| left.since).min()
    }
}
