//! Deadlines that do not overflow, whatever time a caller gives.

use std::time::Duration;

use tokio::time::Instant;

/// The longest wait: no process lives to see its end, and no clock overflows at it.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The moment `wait` from now; for a longer wait than a century, a century from now.
pub(crate) fn deadline_after(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait.min(LONGEST)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_overflows() {
        let now = Instant::now();
        for wait in [Duration::ZERO, Duration::from_secs(u64::MAX), Duration::MAX] {
            assert!(deadline_after(wait) >= now, "{wait:?}");
        }
        assert!(deadline_after(Duration::MAX) > now + LONGEST / 2);
    }
}
