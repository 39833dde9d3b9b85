//! What a persistent connection is doing now.

use tokio::time::Instant;

use crate::error::Cause;

/// What a persistent connection is doing now. Cheap to clone.
///
/// ```text
///                    connected                 close, last handle dropped,
///      ┌──> Dialing ───────────> Live ───────────────────────────────┐
///      │    │  ^ │               │   or link lost after             │
///      │    │  │ │               │   close_when_current_…           │
///   spawn   │  │ │ close         │ link lost                        v
///           │  │ └───────────────┼──────────────────────────────> Closed
///    failed │  │ wait over,      │                                  ^
///           v  │ redial_now      v            close                 │
///          BackingOff <──────────┘                                  │
///              └────────────────────────────────────────────────────┘
/// ```
/// `Dialing` also goes to `Closed` on a permanent failure under [`PermanentPolicy::Stop`](crate::PermanentPolicy::Stop)
/// and on a failed first attempt of [`spawn_connected`](crate::Builder::spawn_connected). `Closed` is final.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// An attempt is under way, or its `AttemptingToConnect` callback is.
    Dialing {
        /// Its number in this outage, counted from 1.
        attempt: u32,
    },
    /// There is a link.
    Live {
        /// When it was established.
        since: Instant,
    },
    /// There is no link and no attempt under way. Also after
    /// [`close_when_current_…`](crate::Persistent::close_when_current_connection_is_closed), while the callback of `Connected`
    /// outlives its link.
    BackingOff {
        /// The number of the attempt that failed; 0 after a link was lost.
        attempt: u32,
        /// When the next attempt starts, unless a callback is still running then. A time in the past means "at once".
        until: Instant,
        /// Why there is no link.
        cause: Cause,
    },
    /// There is no link and never will be; the last one may still be closing
    /// (see [`close_finished`](crate::Persistent::close_finished)).
    Closed {
        /// Why.
        cause: Cause,
    },
}

impl State {
    /// Whether there is a link.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// Whether this is the final state.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// Why there is no link, if known.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::BackingOff { cause, .. } | Self::Closed { cause } => Some(cause),
            Self::Dialing { .. } | Self::Live { .. } => None,
        }
    }
}
