//! One kill and the recovery from it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One kill and the recovery from it. Times are in milliseconds, one part after the other; a part that had already
/// happened when its turn came counts as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KillReport {
    /// Which, from 1.
    pub kill: u32,
    /// Calls that had ended.
    pub ended: u32,
    /// Calls that were outstanding.
    pub outstanding: usize,
    /// From the kill until the conductor's port listens again: the conductor's own part.
    pub boot_ms: u64,
    /// From there until the connection is live.
    pub live_ms: u64,
    /// From there until the cell says that it can be called.
    pub callable_ms: u64,
    /// From there until the first call of the load is answered: mostly the conductor's compiler.
    pub answer_ms: u64,
    /// From the kill until that answer.
    pub total_ms: u64,
}

impl fmt::Display for KillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "back after {} ms, live {} ms later, callable {} ms later, first answer {} ms later; {} ms in all",
            self.boot_ms, self.live_ms, self.callable_ms, self.answer_ms, self.total_ms
        )
    }
}
