//! What all clones of a client share.

use std::fmt;
use std::sync::Arc;

use ham_persistent::{Persistent, State};
use ham_session::{Ended, WebSocketConnector};
use tokio::sync::{Mutex, watch};

use crate::bus::{Bus, ConnectEvent};
use crate::config::Config;
use crate::events;
use crate::protocol::EnvelopeProtocol;
use crate::queue::Queue;

/// The engine's part of a client.
pub(crate) type Connection = Persistent<WebSocketConnector<EnvelopeProtocol>>;

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) queue: Arc<Queue>,
    /// Held by the run: there is only one at a time.
    pub(crate) running: Mutex<()>,
    /// The connection of the current run.
    pub(crate) connection: watch::Sender<Option<Connection>>,
    pub(crate) events: Bus,
}

impl Shared {
    pub(crate) fn announce(&self, event: ConnectEvent) {
        match &event {
            ConnectEvent::Connected => tracing::info!(event = events::CONNECTED),
            ConnectEvent::Disconnected(Ended { code, reason, .. }) => {
                tracing::warn!(event = events::DISCONNECTED, code, reason = &**reason);
            }
            ConnectEvent::Missed(_) => {}
        }
        self.events.publish(event);
    }

    pub(crate) fn state(&self) -> Option<State> {
        self.connection.borrow().as_ref().map(|connection| connection.state().borrow().clone())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("config", &self.config)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
