//! How much the outbox holds.

use super::tables::Held;

/// How much the outbox holds. Calls that were made without it and lost may exceed this by a tenth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls, including settled ones.
    pub records: u64,
    /// Bytes of their values. The file takes several times as much: docs/gateway-config.md says how much.
    pub bytes: u64,
}

impl Limits {
    pub(super) fn are_met(self, held: Held) -> bool {
        held.records >= self.records || held.bytes >= self.bytes
    }

    /// With the extra room for calls that were made without the outbox and lost: they may run, so they are settled even
    /// if it is full.
    pub(super) fn with_room_for_lost(self) -> Self {
        let room = |most: u64, least: u64| most.saturating_add((most / 10).max(least));
        Self { records: room(self.records, 16), bytes: room(self.bytes, 1 << 20) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 100_000, bytes: 1 << 30 }
    }
}
