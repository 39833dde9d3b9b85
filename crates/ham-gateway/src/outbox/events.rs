//! The names of the outbox's log events.

/// A call is settled.
pub const SETTLED: &str = "gateway.settled";
/// A fence had no answer; it is sent again.
pub const FENCE_FAILED: &str = "gateway.fence.failed";
/// The outbox cannot be written; it is tried again.
pub const STORE_FAILED: &str = "gateway.store.failed";
/// The outbox could not be used, and can be used again.
pub const STORE_REOPENED: &str = "gateway.store.reopened";
/// A start found calls that were not settled.
pub const RECOVERED: &str = "gateway.recovered";
/// Calls were forgotten.
pub const SWEPT: &str = "gateway.swept";
