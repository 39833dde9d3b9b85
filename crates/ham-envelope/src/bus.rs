//! The changes of the connection, for any number of subscribers.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use ham_session::LinkEnd;
use tokio::sync::broadcast;

/// A change of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectEvent {
    /// A dial succeeded: register here what the server has to know of this link.
    Connected,
    /// The link ended.
    Disconnected {
        /// The close code, where the server closed with one.
        code: Option<u16>,
        /// The reason the server gave, which is often empty; else how the link ended.
        reason: Arc<str>,
    },
    /// This subscriber was slower than the changes; so many were dropped for it.
    Missed(u64),
}

impl ConnectEvent {
    pub(crate) fn disconnected(end: Option<&LinkEnd>) -> Self {
        match end {
            Some(LinkEnd::ClosedByPeer { code, reason }) => {
                Self::Disconnected { code: Some(*code), reason: reason.as_str().into() }
            }
            Some(end) => Self::Disconnected { code: None, reason: end.to_string().into() },
            None => Self::Disconnected { code: None, reason: "the link ended".into() },
        }
    }
}

/// A subscription to the changes of the connection.
///
/// Begins with the last change before the subscription, if there was one, be it of an earlier run; then carries every
/// later one in order. Any number can be had. Each is bounded by [`Config::event_capacity`](crate::Config::event_capacity);
/// a slow one gets [`ConnectEvent::Missed`] in place of what it lost, and delays nobody.
#[derive(Debug)]
pub struct Events {
    last: Option<ConnectEvent>,
    later: broadcast::Receiver<ConnectEvent>,
}

impl Events {
    /// The next one; `None` once the last clone of the client is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe: no event is lost.
    pub async fn next(&mut self) -> Option<ConnectEvent> {
        if let Some(last) = self.last.take() {
            return Some(last);
        }
        match self.later.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(ConnectEvent::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// The publishing side.
#[derive(Debug)]
pub(crate) struct Bus {
    // One lock over both, so that no event falls between "the last one" and "the later ones" of a new subscriber.
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    sender: broadcast::Sender<ConnectEvent>,
    last: Option<ConnectEvent>,
}

impl Bus {
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        Self { inside: Mutex::new(Inside { sender: broadcast::Sender::new(capacity.get()), last: None }) }
    }

    pub(crate) fn publish(&self, event: ConnectEvent) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        // An error means that nobody is subscribed.
        let _ = inside.sender.send(event.clone());
        inside.last = Some(event);
    }

    pub(crate) fn subscribe(&self) -> Events {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        Events { last: inside.last.clone(), later: inside.sender.subscribe() }
    }
}
