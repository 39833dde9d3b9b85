//! The two clocks: tokio's for every wait (tests pause it), and an injected wall clock for times people read.

use std::fmt::Debug;
use std::time::SystemTime;

/// Tells the time of day. Injected, so that a test decides it; never used to measure a wait.
pub trait WallClock: Debug + Send + Sync + 'static {
    /// The time of day now.
    fn now(&self) -> SystemTime;
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
