//! The state of the outbox, for monitoring.

use std::time::Duration;

use super::error::StoreError;
use super::handle::Outbox;
use super::meter::Meter;
use super::registry::OpenCalls;

impl Outbox {
    /// How many calls are open.
    #[must_use]
    pub fn open_calls(&self) -> OpenCalls {
        self.shared().registry.count()
    }

    /// Why nothing can be kept now: the disk has failed, and the file is being opened again. Open calls continue.
    #[must_use]
    pub fn away(&self) -> Option<StoreError> {
        self.shared().store.away()
    }

    /// Whether its writer has been waiting for the disk for this long, or is gone.
    #[must_use]
    pub fn hangs(&self, after: Duration) -> bool {
        let store = &self.shared().store;
        store.is_dead() || store.meter().busy_for() >= after
    }

    /// The writer's figures.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        self.shared().store.meter()
    }
}
