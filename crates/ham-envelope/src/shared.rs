//! What all clones of a client share, and the events its subscribers see.

use std::fmt;
use std::sync::Arc;

use ham_persistent::{Persistent, State};
use ham_session::{LossyReceiver, WebSocketConnector};
use tokio::sync::{Mutex, broadcast, watch};

use crate::config::Config;
use crate::events;
use crate::handler::{ErasedHandler, Incoming};
use crate::inbox::Queue;
use crate::protocol::EnvelopeProtocol;

/// The engine's part of a client.
pub(crate) type Connection = Persistent<WebSocketConnector<EnvelopeProtocol>>;

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) handler: Box<dyn ErasedHandler>,
    pub(crate) queue: Arc<Queue>,
    /// Held by the run: there is one at a time.
    pub(crate) items: Mutex<LossyReceiver<Incoming>>,
    /// The connection of the current run.
    pub(crate) connection: watch::Sender<Option<Connection>>,
    pub(crate) events: broadcast::Sender<ConnectEvent>,
}

impl Shared {
    pub(crate) fn announce(&self, event: ConnectEvent) {
        match event {
            ConnectEvent::Connected => tracing::info!(event = events::CONNECTED),
            ConnectEvent::Disconnected => tracing::warn!(event = events::DISCONNECTED),
            ConnectEvent::Missed(_) => {}
        }
        // An error means that nobody is subscribed.
        let _ = self.events.send(event);
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

/// A change of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectEvent {
    /// A dial succeeded: register here what the server has to know of this link.
    Connected,
    /// The link ended.
    Disconnected,
    /// This subscriber was slower than the changes; so many were dropped for it.
    Missed(u64),
}

/// A subscription to the changes of the connection, from its making on.
///
/// Any number can be had. Each is bounded by [`Config::event_capacity`]; a slow one gets
/// [`ConnectEvent::Missed`] in place of what it lost, and delays nobody.
#[derive(Debug)]
pub struct Events {
    pub(crate) receiver: broadcast::Receiver<ConnectEvent>,
}

impl Events {
    /// The next one; `None` once the last clone of the client is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe: no event is lost.
    pub async fn next(&mut self) -> Option<ConnectEvent> {
        match self.receiver.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(ConnectEvent::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
