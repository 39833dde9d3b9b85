//! How the outbox stands, for those who watch it.

use std::time::Duration;

use super::board::OpenCalls;
use super::error::StoreError;
use super::handle::Outbox;
use super::meter::Meter;

impl Outbox {
    /// How many calls are open.
    #[must_use]
    pub fn open_calls(&self) -> OpenCalls {
        self.shared().board.count()
    }

    /// Why nothing can be kept now: the disk has failed, and the file is being opened again. What is open goes on.
    #[must_use]
    pub fn away(&self) -> Option<StoreError> {
        self.shared().store.away()
    }

    /// Whether its writer has waited for the disk for so long, or is gone.
    #[must_use]
    pub fn hangs(&self, after: Duration) -> bool {
        let store = &self.shared().store;
        store.is_dead() || store.meter().busy_for() >= after
    }

    /// What the writer tells of itself.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        self.shared().store.meter()
    }
}
