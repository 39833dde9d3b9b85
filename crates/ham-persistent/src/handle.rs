//! The user's side.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use tokio::sync::watch;

use crate::bus::Events;
use crate::connector::Connector;
use crate::error::Cause;
use crate::shared::{CauseOf, LostLink, Shared};
use crate::state::State;

/// A connection that is kept alive until it is closed. A cheap handle: clone it freely.
///
/// The handles own the task that does the work: dropping the last one closes the connection, without waiting for it to end. The peer
/// closing its side never closes the connection.
pub struct Persistent<C: Connector> {
    owned: Arc<Owned<C>>,
}

/// Closes when the last handle is dropped. The driver holds the shared part only.
struct Owned<C: Connector> {
    shared: Arc<Shared<C>>,
}

impl<C: Connector> Persistent<C> {
    pub(crate) fn new(shared: Arc<Shared<C>>) -> Self {
        Self { owned: Arc::new(Owned { shared }) }
    }

    pub(crate) fn shared(&self) -> &Shared<C> {
        &self.owned.shared
    }

    /// The current link, if there is one. `None` once close has been requested.
    #[must_use]
    pub fn current_connection(&self) -> Option<C::Connection> {
        if self.is_closed() {
            return None;
        }
        self.shared().links.borrow().current.clone()
    }

    /// What people call the other side.
    #[must_use]
    pub fn server_name(&self) -> &str {
        &self.shared().server_name
    }

    /// Subscribes to the events; see [`Events`] for their order and for what happens to a slow subscriber.
    #[must_use]
    pub fn event_bus(&self) -> Events<C> {
        self.shared().bus.subscribe()
    }

    /// What the connection is doing now, to read or to watch. A watcher skips states that were over before it ran.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.shared().state.subscribe()
    }

    /// Resolves after the next turn: a change of the state, the end of an attempt, a close. It counts from the call, not from the
    /// first poll, so code that calls it, then looks, then waits misses nothing:
    ///
    /// ```
    /// # use ham_persistent::{Connector, Persistent};
    /// # async fn live<C: Connector>(persistent: &Persistent<C>) {
    /// loop {
    ///     let turned = persistent.turned();
    ///     if persistent.current_connection().is_some() || persistent.is_closed() {
    ///         break;
    ///     }
    ///     turned.await;
    /// }
    /// # }
    /// ```
    ///
    /// Waiters are woken in the order in which they began to wait, which the watch of [`state`](Self::state) does not promise.
    ///
    /// # Cancel safety
    /// Cancel-safe: it only watches. A dropped waiter loses its place.
    pub fn turned(&self) -> impl Future<Output = ()> + Send + use<'_, C> {
        self.shared().turns.notified()
    }

    /// The last [`LOST_LINKS_KEPT`](crate::LOST_LINKS_KEPT) links that this side did not end, oldest first.
    #[must_use]
    pub fn causes(&self) -> Vec<LostLink<CauseOf<C>>> {
        self.shared().lost()
    }

    /// Ends the wait between two attempts, as far as [`min_pause`](crate::Config::min_pause) allows. The delays that follow are
    /// unaffected. Does nothing during an attempt or while there is a link.
    pub fn redial_now(&self) {
        self.shared().mailbox.redial_now();
    }

    /// Closes the connection: ends the current link, or the attempt or wait under way. Takes effect when called; the future resolves
    /// when the last link has been closed and the task has stopped working. Calling it again waits for the same end. How long that
    /// takes is up to [`Connection::close`](crate::Connection::close).
    ///
    /// # Cancel safety
    /// Dropping the future does not undo the call.
    pub fn close(&self) -> impl Future<Output = ()> + Send + use<C> {
        self.shared().close(Cause::CloseCalled);
        self.close_finished()
    }

    /// Whether the connection is closed or closing: `close` was called, or it closed by itself (see [`State::Closed`]).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared().mailbox.close_cause().is_some()
    }

    /// Resolves when `close` has finished, without calling it.
    ///
    /// # Cancel safety
    /// Cancel-safe: it only watches.
    pub fn close_finished(&self) -> impl Future<Output = ()> + Send + use<C> {
        let mut finished = self.shared().finished.subscribe();
        async move {
            // An error means that the driver is gone, and with it everything that there was to close.
            let _ = finished.wait_for(|finished| *finished).await;
        }
    }

    /// Keeps the current link but dials no other: closes when the link and the callback of its `Connected` have ended, or now if there is no link.
    pub fn close_when_current_connection_is_closed(&self) {
        self.shared().mailbox.close_after_link();
    }

    /// A handle that does not keep the connection open.
    #[must_use]
    pub fn downgrade(&self) -> WeakPersistent<C> {
        WeakPersistent { owned: Arc::downgrade(&self.owned) }
    }
}

impl<C: Connector> Clone for Persistent<C> {
    fn clone(&self) -> Self {
        Self { owned: Arc::clone(&self.owned) }
    }
}

impl<C: Connector> fmt::Debug for Persistent<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Persistent")
            .field("server_name", &self.server_name())
            .field("state", &*self.shared().state.borrow())
            .finish_non_exhaustive()
    }
}

impl<C: Connector> Drop for Owned<C> {
    fn drop(&mut self) {
        self.shared.close(Cause::LastHandleDropped);
    }
}

/// A handle that does not keep the connection open, for callbacks and for tasks that serve it.
pub struct WeakPersistent<C: Connector> {
    owned: Weak<Owned<C>>,
}

impl<C: Connector> WeakPersistent<C> {
    /// The connection, if another handle still keeps it alive.
    #[must_use]
    pub fn upgrade(&self) -> Option<Persistent<C>> {
        self.owned.upgrade().map(|owned| Persistent { owned })
    }
}

impl<C: Connector> Clone for WeakPersistent<C> {
    fn clone(&self) -> Self {
        Self { owned: Weak::clone(&self.owned) }
    }
}

impl<C: Connector> fmt::Debug for WeakPersistent<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakPersistent").finish_non_exhaustive()
    }
}
