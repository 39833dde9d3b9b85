//! What clients of a gateway keep of their calls.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ham_gateway::outbox::CallId;

use crate::event::Call;
use crate::service::Called;

/// The calls of all clients, older than any process.
#[derive(Debug, Default)]
pub(super) struct Desk(Mutex<Vec<Kept>>);

/// A call of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) called: Called,
    pub(super) background: bool,
    pub(super) under_a_key: bool,
    /// Its id, once someone has been told it.
    pub(super) id: Option<CallId>,
    /// Whether someone has been told that it is on disk.
    pub(super) entered: bool,
}

impl Desk {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call has got an id, and whoever was told the id knows whether the call is on disk.
    pub(super) fn name(&self, call: Call, id: CallId, entered: bool) {
        if let Some(kept) = self.lock().iter_mut().find(|kept| kept.called.call == call) {
            kept.id = Some(id);
            kept.entered |= entered;
        }
    }
}
