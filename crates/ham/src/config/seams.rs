//! What a simulation puts in place of the system's own parts.

use std::sync::Arc;

use ham_persistent::WallClock;

use super::connection::PersistentHamConfig;
use crate::entropy::Entropy;
use crate::memory::ProcessMemory;

impl PersistentHamConfig {
    /// The wall clock by which nonces expire.
    #[must_use]
    pub fn with_wall_clock(mut self, wall_clock: Arc<dyn WallClock>) -> Self {
        self.wall_clock = wall_clock;
        self
    }

    /// Where nonces, keys, capability secrets and jitter come from.
    ///
    /// **Hazardous.** Anyone who can predict the bytes can forge calls and use every grant made from them. It exists for simulations,
    /// which must be repeatable.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// What this connection shares with others.
    ///
    /// **Hazardous.** Connections that do not share one each write their own grants. It exists for simulations of several processes.
    #[must_use]
    pub fn with_memory(mut self, memory: ProcessMemory) -> Self {
        self.memory = memory;
        self
    }
}
