//! Deadlines that do not overflow, whatever time a caller gives.

use std::time::Duration;

use tokio::time::Instant;

/// The moment `wait` from now, or a century from now if `wait` is longer.
pub(crate) fn deadline_after(wait: Duration) -> Instant {
    ham_persistent::later(Instant::now(), wait)
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
        assert!(deadline_after(Duration::MAX) > now + Duration::from_secs(10 * 365 * 24 * 60 * 60));
    }
}
