//! What a persistent connection is doing, the conductor's health included.

use std::time::Duration;

use ham_persistent::{Cause, State};
use ham_session::{Health, Link};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::wire::ConductorProtocol;

/// The state of a [`PersistentHam`](crate::PersistentHam).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HamState {
    /// An attempt is under way.
    Dialing {
        /// Which one since the last link, from 1.
        attempt: u32,
    },
    /// There is a link.
    Live {
        /// Since when.
        since: Instant,
        /// Since when the conductor has answered nothing although the socket is alive; `None` while it answers.
        degraded: Option<Instant>,
    },
    /// Waiting before the next attempt.
    BackingOff {
        /// The attempt that failed, from 1.
        attempt: u32,
        /// When the next one begins.
        until: Instant,
        /// Why.
        cause: Cause,
    },
    /// Closed for good.
    Closed {
        /// Why.
        cause: Cause,
    },
}

impl HamState {
    pub(crate) fn new(state: &State, health: Option<Health>) -> Self {
        match state {
            State::Dialing { attempt } => Self::Dialing { attempt: *attempt },
            State::Live { since } => Self::Live {
                since: *since,
                degraded: match health {
                    Some(Health::Degraded { since }) => Some(since),
                    Some(_) | None => None,
                },
            },
            State::BackingOff { attempt, until, cause } => {
                Self::BackingOff { attempt: *attempt, until: *until, cause: cause.clone() }
            }
            State::Closed { cause } => Self::Closed { cause: cause.clone() },
        }
    }

    /// Whether calls go out now.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

impl std::fmt::Display for HamState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dialing { attempt } => write!(f, "dialing (attempt {attempt})"),
            Self::Live { degraded: None, .. } => f.write_str("live"),
            Self::Live { degraded: Some(since), .. } => {
                write!(f, "live, but the conductor has answered nothing for {:?}", seconds(since.elapsed()))
            }
            Self::BackingOff { attempt, until, cause } => {
                let left = seconds(until.saturating_duration_since(Instant::now()));
                write!(f, "backing off for {left:?} after attempt {attempt}: {cause}")
            }
            Self::Closed { cause } => write!(f, "closed: {cause}"),
        }
    }
}

fn seconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Watches a [`HamState`].
#[derive(Debug)]
pub struct StateWatch {
    state: watch::Receiver<State>,
    link: Box<dyn CurrentLink>,
    /// The health of the most recent link, so that changes between two calls are seen.
    health: Option<(u64, watch::Receiver<Health>)>,
}

/// Gives the current link; hides the handle's type from the watch.
pub(crate) trait CurrentLink: std::fmt::Debug + Send + Sync {
    fn current(&self) -> Option<Link<ConductorProtocol>>;
}

impl StateWatch {
    pub(crate) fn new(state: watch::Receiver<State>, link: Box<dyn CurrentLink>) -> Self {
        let mut watch = Self { state, link, health: None };
        watch.follow();
        watch
    }

    /// The state now.
    pub fn get(&self) -> HamState {
        let health = self.link.current().map(|link| *link.health().borrow());
        HamState::new(&self.state.borrow(), health)
    }

    /// Resolves with the new state once it has changed since the last answer, or since the watch was made; at once if it already has.
    /// `None` if nothing can change any more.
    ///
    /// # Cancel safety
    /// Cancel-safe: a change that was not returned is returned by the next call.
    pub async fn changed(&mut self) -> Option<HamState> {
        let health = self.health.as_mut().map(|(_, health)| health);
        let degrades = async {
            match health {
                // The link ended: only the state can change.
                Some(health) => match health.changed().await {
                    Ok(()) => {}
                    Err(_) => std::future::pending().await,
                },
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // The link's end takes precedence over its health.
            biased;
            changed = self.state.changed() => {
                if changed.is_err() {
                    return None;
                }
            }
            () = degrades => {}
        }
        self.follow();
        Some(self.get())
    }

    /// Marks the current state as seen, and watches the health of the current link.
    fn follow(&mut self) {
        self.state.borrow_and_update();
        let link = self.link.current();
        match (&mut self.health, link) {
            (Some((id, health)), Some(link)) if *id == link.id() => drop(health.borrow_and_update()),
            (watched, link) => *watched = link.map(|link| (link.id(), link.health())),
        }
    }
}
