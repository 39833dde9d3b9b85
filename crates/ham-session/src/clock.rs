//! Instants that do not overflow.

use std::time::Duration;

use tokio::time::Instant;

/// `start + wait`, or a moment no process lives to see where that overflows: `Duration::MAX` means never.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    start.checked_add(wait.min(NEVER)).unwrap_or(start)
}
