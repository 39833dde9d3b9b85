//! Functions that the conductor runs by the clock.

use serde::{Deserialize, Serialize};

/// Output of `ticks`: how often each scheduled function has run, as its chain says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickCount {
    /// Runs of `tick_ephemeral`.
    pub ephemeral: u32,
    /// Runs of `tick_persisted`.
    pub persisted: u32,
}
