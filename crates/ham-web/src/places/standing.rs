//! What is known of one client, and whether it keeps its place.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::watch;

/// What is known of one client: idle at first. A clone is of the same client.
#[derive(Clone, Debug)]
pub struct Standing(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: watch::Sender<State>,
    clock: Arc<AtomicU64>,
    /// Held by the places of all clients from the same network.
    network: Weak<()>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    is: Is,
    /// Since when, if it is idle.
    since: u64,
    has_asked: bool,
    /// Whether the last request showed a credential.
    is_credible: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Idle,
    /// It has a request; whether hyper has all of its answer.
    Busy {
        is_answered: bool,
    },
    Known,
    /// It was asked to leave for another client.
    Asked,
    Gone,
}

impl Default for Standing {
    fn default() -> Self {
        Self::new(Arc::default(), Weak::new())
    }
}

impl Standing {
    pub(super) fn new(clock: Arc<AtomicU64>, network: Weak<()>) -> Self {
        let since = clock.fetch_add(1, Ordering::Relaxed);
        let state = State { is: Is::Idle, since, has_asked: false, is_credible: false };
        Self(Arc::new(Shared { state: watch::Sender::new(state), clock, network }))
    }

    /// Makes the client keep its place for good. Returns whether it does: once the client has to leave for another,
    /// nothing that it says counts any more.
    pub fn make_known(&self) -> bool {
        self.change(|state| {
            let stays = !matches!(state.is, Is::Asked | Is::Gone);
            if stays {
                state.is = Is::Known;
            }
            stays
        })
    }

    /// Whether it keeps its place for good.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is(Is::Known)
    }

    /// Resolves when another client is to have the place; never while this one is busy, or known.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn is_to_leave(&self) {
        self.becomes(|is| is == Is::Asked).await;
    }

    /// The client of this request is one that the server knows, until its next request.
    pub fn show_credential(&self) {
        self.change(|state| {
            state.is_credible = true;
            true
        });
    }

    /// A request has come: it is answered even if the client was asked to leave. `false` if its connection is already closed.
    pub(crate) fn begin(&self) -> bool {
        self.change(|state| {
            let stays = state.is != Is::Gone;
            if stays && state.is != Is::Known {
                *state = State { is: BUSY, has_asked: true, is_credible: false, ..*state };
            }
            stays
        })
    }

    /// Whether it has asked for anything.
    pub(crate) fn has_asked(&self) -> bool {
        self.0.state.borrow().has_asked
    }

    /// All of its answer is there.
    pub(crate) fn answered(&self) {
        self.change(|state| {
            let is_first = state.is == BUSY;
            if is_first {
                state.is = ANSWERED;
            }
            is_first
        });
    }

    /// Everything that was there is sent: if that was an answer, the client is idle now.
    pub(crate) fn sent(&self) {
        self.change(|state| {
            let ends = state.is == ANSWERED;
            if ends {
                (state.is, state.since) = (Is::Idle, self.0.clock.fetch_add(1, Ordering::Relaxed));
            }
            ends
        });
    }

    /// The client leaves as it was asked to; `false` if it is busy again.
    pub(crate) fn leave(&self) -> bool {
        self.change(|state| {
            let leaves = state.is == Is::Asked;
            if leaves {
                state.is = Is::Gone;
            }
            leaves
        })
    }

    /// Whether it is credible, and since when it has been idle; `None` if it is not idle.
    pub(super) fn idle(&self) -> Option<(bool, u64)> {
        let state = *self.0.state.borrow();
        (state.is == Is::Idle).then_some((state.is_credible, state.since))
    }

    /// How many clients of its network have places.
    pub(super) fn neighbours(&self) -> usize {
        self.0.network.strong_count()
    }

    pub(super) fn ask_to_leave(&self) {
        self.change(|state| {
            let is_idle = state.is == Is::Idle;
            if is_idle {
                state.is = Is::Asked;
            }
            is_idle
        });
    }

    /// Resolves once it is clear that the client does not leave.
    pub(super) async fn stays(&self) {
        self.becomes(|is| !matches!(is, Is::Asked | Is::Gone)).await;
    }

    pub(super) fn go(&self) {
        self.change(|state| {
            state.is = Is::Gone;
            true
        });
    }

    pub(super) fn has_gone(&self) -> bool {
        self.is(Is::Gone)
    }

    fn is(&self, is: Is) -> bool {
        self.0.state.borrow().is == is
    }

    /// Returns what the change returns.
    fn change(&self, change: impl FnOnce(&mut State) -> bool) -> bool {
        let mut is_done = false;
        self.0.state.send_if_modified(|state| {
            let before = state.is;
            is_done = change(state);
            // Only these changes are waited for, so most requests wake nobody.
            before != state.is && [before, state.is].contains(&Is::Asked)
        });
        is_done
    }

    async fn becomes(&self, is: impl Fn(Is) -> bool) {
        // The sender is in `self`.
        let _ = self.0.state.subscribe().wait_for(|state| is(state.is)).await;
    }
}

const BUSY: Is = Is::Busy { is_answered: false };
const ANSWERED: Is = Is::Busy { is_answered: true };
