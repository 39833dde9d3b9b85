//! Instants that do not overflow.

use std::time::Duration;

use tokio::time::Instant;

/// `start + wait`, or a moment no process lives to see: `Duration::MAX` means never.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    [wait.min(NEVER), NEVER / 100].iter().find_map(|wait| start.checked_add(*wait)).unwrap_or(start)
}

/// Some systems' clocks end a few centuries from now.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
