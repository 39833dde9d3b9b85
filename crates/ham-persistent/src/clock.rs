//! The two clocks: tokio's for every wait (tests pause it), and an injected wall clock for times that people read.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Tells the time of day. Injected, so that a test decides it; never used to measure a wait.
pub trait WallClock: Debug + Send + Sync + 'static {
    /// The time of day now.
    fn now(&self) -> SystemTime;
}

impl<W: WallClock + ?Sized> WallClock for Arc<W> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }
}

/// The computer's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemWallClock;

impl WallClock for SystemWallClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the computer's clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// `start + wait`, or a moment that no process lives to see if that is too far: `Duration::MAX` means never. For every wait whose
/// length someone else decides, since `Instant + Duration` panics on overflow.
#[must_use]
pub fn later(start: Instant, wait: Duration) -> Instant {
    [wait.min(NEVER), NEVER / 100].iter().find_map(|wait| start.checked_add(*wait)).unwrap_or(start)
}

/// Some systems' clocks end a few centuries from now.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_never_panics() {
        let now = Instant::now();
        assert_eq!(later(now, Duration::from_secs(1)), now + Duration::from_secs(1));
        let never = later(now, Duration::MAX);
        assert!(never > now + Duration::from_secs(10 * 365 * 24 * 60 * 60));
        assert!(later(never, Duration::MAX) >= never);
    }

    #[test]
    fn a_shared_clock_is_a_clock() {
        #[derive(Debug)]
        struct Stopped;

        impl WallClock for Stopped {
            fn now(&self) -> SystemTime {
                SystemTime::UNIX_EPOCH
            }
        }

        let shared: Arc<dyn WallClock> = Arc::new(Stopped);
        assert_eq!(Arc::new(shared).now(), SystemTime::UNIX_EPOCH);
    }
}
