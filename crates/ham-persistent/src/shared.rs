//! What the driver writes and the handles read.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};

use crate::bus::Bus;
use crate::command::Mailbox;
use crate::config::{Config, MOST_EVENT_CAPACITY};
use crate::connector::{Connection, Connector};
use crate::error::Cause;
use crate::state::State;

/// What the driver writes and the handles read. Owned by both; the last owner frees it.
pub(crate) struct Shared<C: Connector> {
    pub(crate) server_name: Arc<str>,
    pub(crate) mailbox: Mailbox,
    pub(crate) bus: Bus<C>,
    pub(crate) state: watch::Sender<State>,
    pub(crate) links: watch::Sender<Links<C>>,
    pub(crate) finished: watch::Sender<bool>,
    /// Notified after every change of the fields above.
    pub(crate) turns: Notify,
    lost: Mutex<VecDeque<LostLink<CauseOf<C>>>>,
    losses_told_by_owner: bool,
}

pub(crate) type CauseOf<C> = <<C as Connector>::Connection as Connection>::Cause;

/// The current link, and how the attempts ended.
pub(crate) struct Links<C: Connector> {
    pub(crate) current: Option<C::Connection>,
    /// Why the last attempt failed; `None` if it succeeded.
    pub(crate) failure: Option<Arc<C::Error>>,
    /// How many attempts have ended. A waiter remembers it and takes the first outcome it sees after that, so even a
    /// failure that was over before the waiter ran is not missed.
    pub(crate) outcomes: u64,
    /// Whether an attempt has ever succeeded.
    pub(crate) had_link: bool,
}

/// A link that this side did not end.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LostLink<K> {
    /// The connection's own cause.
    pub cause: K,
    /// How long the link was up.
    pub lived: Duration,
    /// The time of day when its end was noticed, from the injected [`WallClock`](crate::WallClock).
    pub at: SystemTime,
}

impl<C: Connector> Shared<C> {
    pub(crate) fn new(server_name: Arc<str>, config: &Config) -> Self {
        Self {
            server_name,
            mailbox: Mailbox::new(),
            bus: Bus::new(config.event_capacity.min(MOST_EVENT_CAPACITY).get()),
            state: watch::Sender::new(State::Dialing { attempt: 1 }),
            links: watch::Sender::new(Links { current: None, failure: None, outcomes: 0, had_link: false }),
            finished: watch::Sender::new(false),
            turns: Notify::new(),
            lost: Mutex::new(VecDeque::new()),
            losses_told_by_owner: config.losses_told_by_owner,
        }
    }

    /// Whether the owner logs what happens to the link from now on.
    pub(crate) fn is_quiet(&self) -> bool {
        self.losses_told_by_owner && self.links.borrow().had_link
    }

    /// Returns the state that was set: a closed one has the cause that everyone is told.
    pub(crate) fn set_state(&self, state: State) -> State {
        let state = match state {
            // A close that the machine decided on itself: handles see it like a requested one.
            State::Closed { cause } => State::Closed { cause: self.mailbox.close(cause) },
            state => state,
        };
        self.state.send_replace(state.clone());
        state
    }

    pub(crate) fn add_outcome(&self, outcome: Result<C::Connection, Arc<C::Error>>) {
        self.links.send_modify(|links| {
            links.had_link |= outcome.is_ok();
            (links.current, links.failure) = match outcome {
                Ok(link) => (Some(link), None),
                Err(error) => (None, Some(error)),
            };
            links.outcomes = links.outcomes.wrapping_add(1);
        });
    }

    pub(crate) fn drop_link(&self) {
        self.links.send_modify(|links| links.current = None);
    }

    pub(crate) fn add_lost(&self, link: LostLink<CauseOf<C>>) {
        let mut lost = self.lock();
        if lost.len() == LOST_LINKS_KEPT {
            lost.pop_front();
        }
        lost.push_back(link);
    }

    pub(crate) fn lost(&self) -> Vec<LostLink<CauseOf<C>>> {
        self.lock().iter().cloned().collect()
    }

    /// The driver's last act, however it ends.
    pub(crate) fn finish(&self) {
        if !self.state.borrow().is_closed() {
            self.set_state(State::Closed { cause: Cause::DriverEnded });
        }
        self.drop_link();
        self.bus.close();
        self.finished.send_replace(true);
        self.turn();
    }

    /// Asks the driver to close.
    pub(crate) fn close(&self, cause: Cause) {
        self.mailbox.close(cause);
        self.turn();
    }

    /// Wakes those who wait for a turn, in the order in which they came.
    pub(crate) fn turn(&self) {
        self.turns.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LostLink<CauseOf<C>>>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Connector> fmt::Debug for Shared<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

/// How many lost links are remembered.
pub const LOST_LINKS_KEPT: usize = 20;
