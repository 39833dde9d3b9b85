//! How much the outbox holds.

use super::tables::Held;

/// How much the outbox holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls, settled ones included.
    pub records: u64,
    /// Bytes of their values.
    pub bytes: u64,
}

impl Limits {
    pub(super) fn are_met(self, held: Held) -> bool {
        held.records >= self.records || held.bytes >= self.bytes
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 100_000, bytes: 1 << 30 }
    }
}
