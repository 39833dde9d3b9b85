//! What may have left on behalf of one signed call, from any holder of a clone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What may have left on behalf of one signed call: its sends and its fences. All clones share it, so what another task did with the
/// same bytes counts.
///
/// A journal keeps what is known about fences. It is written before the call is sent, so a call that is read from it counts as sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendState(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Whether the process that wrote the journal may have sent it.
    before: bool,
    /// The tasks that are about to send it, or have sent it and wait.
    senders: u32,
    /// Sends of which a byte may have left.
    sendings: u32,
    /// Those that nothing has settled.
    open: u32,
    /// A send was answered after its nonce was claimed.
    claimed: bool,
    /// A fence is about to leave. Only a journal needs to know: its reader cannot tell whether the fence did leave.
    fence_announced: bool,
    /// Fences of which a byte may have left.
    fences: u32,
    fence: FenceState,
}

/// What is known about a call's fences, ordered by what is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FenceState {
    /// No fence was begun.
    #[default]
    None,
    /// One was begun: it may have claimed the nonce.
    Begun,
    /// A fence found the nonce claimed when no other fence could have claimed it.
    Arrived,
    /// A fence claimed the nonce.
    NeverRan,
}

/// One of the senders of a call, until this is dropped.
#[derive(Debug)]
pub(crate) struct Sender<'a>(&'a SendState);

impl Drop for Sender<'_> {
    fn drop(&mut self) {
        let mut known = self.0.known();
        known.senders = known.senders.saturating_sub(1);
    }
}

/// Whether the bytes of a call may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendPermission {
    /// The bytes count as sent from here on.
    Granted,
    /// The bytes may have left before, so the conductor must be one that remembers nonces. Nothing is counted yet.
    Repeated,
    /// A fence has claimed the nonce.
    Fenced,
}

impl SendState {
    /// Begins to send the call; it may take a while until anything leaves, for lack of a link or of a turn.
    pub(crate) fn sender(&self) -> Sender<'_> {
        let mut known = self.known();
        known.senders = known.senders.saturating_add(1);
        drop(known);
        Sender(self)
    }

    /// Asks to send the call. `own` is how many of the caller's sends are open; `proven` says that the conductor remembers nonces.
    pub(crate) fn send(&self, own: u32, proven: bool) -> SendPermission {
        let mut known = self.known();
        if known.fence == FenceState::NeverRan {
            return SendPermission::Fenced;
        }
        if !proven && (own > 0 || known.open_beside(own)) {
            return SendPermission::Repeated;
        }
        known.sendings = known.sendings.saturating_add(1);
        known.open = known.open.saturating_add(1);
        SendPermission::Granted
    }

    /// A send that was counted never left.
    pub(crate) fn never_left(&self) {
        let mut known = self.known();
        known.sendings = known.sendings.saturating_sub(1);
        known.open = known.open.saturating_sub(1);
    }

    /// A send was answered without claiming the nonce: nothing of it runs.
    pub(crate) fn left_nonce_untouched(&self) {
        let mut known = self.known();
        known.open = known.open.saturating_sub(1);
    }

    /// A send was answered after the nonce was claimed: the call is settled, and so are all its sends.
    pub(crate) fn claimed(&self) {
        self.known().claimed = true;
    }

    /// Whether a send other than the caller's `own` open ones may run or have run, or is about to leave through another [`sender`](Self::sender).
    pub(crate) fn sent_beside(&self, own: u32) -> bool {
        let known = self.known();
        known.open_beside(own) || known.senders > 1
    }

    /// Whether any byte of the call may have left.
    pub(crate) fn may_have_left(&self) -> bool {
        let known = self.known();
        known.before || known.sendings > 0
    }

    /// What is known of its fences.
    pub(crate) fn fence(&self) -> FenceState {
        self.known().fence_state()
    }

    /// Notes that a fence may leave from here on, for readers of the journal.
    pub(crate) fn announce_fence(&self) {
        self.known().fence_announced = true;
    }

    /// Whether a fence other than the caller's `own` may have claimed the nonce.
    pub(crate) fn fenced_beside(&self, own: u32) -> bool {
        let known = self.known();
        known.fences > own || known.fence == FenceState::Begun
    }

    /// A fence may leave now.
    pub(crate) fn send_fence(&self) {
        let mut known = self.known();
        known.fences = known.fences.saturating_add(1);
    }

    /// A fence that was counted never left, or was answered before the nonce.
    pub(crate) fn fence_never_left(&self) {
        let mut known = self.known();
        known.fences = known.fences.saturating_sub(1);
    }

    /// What a fence has proven. A nonce that a fence has claimed stays claimed by it.
    pub(crate) fn settle_fence(&self, proven: FenceState) {
        let mut known = self.known();
        if known.fence != FenceState::NeverRan {
            known.fence = proven;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn open_beside(&self, own: u32) -> bool {
        self.before || self.claimed || self.open > own
    }

    fn fence_state(&self) -> FenceState {
        match self.fence {
            FenceState::None if self.fences > 0 => FenceState::Begun,
            fence => fence,
        }
    }
}

impl Serialize for SendState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.known();
        let journalled = match known.fence_state() {
            FenceState::None if known.fence_announced => FenceState::Begun,
            fence => fence,
        };
        drop(known);
        journalled.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SendState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FenceState::deserialize(deserializer).map(Self::read)
    }
}

impl SendState {
    fn read(fence: FenceState) -> Self {
        Self(Arc::new(Mutex::new(Known { before: true, fence, ..Known::default() })))
    }

    /// The state of a call from a journal that keeps none: an earlier version wrote it, and may have fenced the call.
    pub(crate) fn of_an_earlier_version() -> Self {
        Self::read(FenceState::Begun)
    }
}

#[cfg(test)]
mod tests;
