//! The changes of the connection, for any number of subscribers.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt as _};
use ham_session::{Ended, LossyReceiver, LossySender, Received, lossy_queue};

/// A change of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectEvent {
    /// A dial succeeded: register here whatever the server must know about this link.
    Connected,
    /// The link ended.
    Disconnected(Ended),
    /// This subscriber was slower than the changes; this many were dropped for it here.
    Missed(u64),
}

/// A subscription to the changes of the connection; a [`Stream`] too.
///
/// Begins with the last change before the subscription, if there was one, even one of an earlier run; then carries every later one in
/// order. There can be any number of subscriptions. Each is bounded by [`Config::event_capacity`](crate::Config::event_capacity); a
/// slow one gets [`ConnectEvent::Missed`] in place of what it lost, and delays nobody. For the current state of the connection, use
/// [`Client::state`](crate::Client::state).
#[derive(Debug)]
pub struct Events(LossyReceiver<ConnectEvent>);

impl Events {
    /// The next one; `None` once the last clone of the client is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe: no event is lost.
    pub async fn next(&mut self) -> Option<ConnectEvent> {
        self.0.next().await.map(into_event)
    }
}

impl Stream for Events {
    type Item = ConnectEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectEvent>> {
        self.0.poll_next_unpin(cx).map(|received| received.map(into_event))
    }
}

fn into_event(received: Received<ConnectEvent>) -> ConnectEvent {
    match received {
        Received::Item(event) => event,
        Received::Missed(missed) => ConnectEvent::Missed(missed),
    }
}

/// The publishing side.
#[derive(Debug)]
pub(crate) struct Bus {
    capacity: NonZeroUsize,
    // One lock over both, so that no event falls between "the last one" and "the later ones" of a new subscriber.
    state: Mutex<BusState>,
}

#[derive(Debug, Default)]
struct BusState {
    subscribers: Vec<LossySender<ConnectEvent>>,
    last: Option<ConnectEvent>,
}

impl Bus {
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    pub(crate) fn publish(&self, event: ConnectEvent) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.subscribers.retain(|subscriber| !subscriber.is_closed());
        for subscriber in &state.subscribers {
            subscriber.put(event.clone(), 0);
        }
        state.last = Some(event);
    }

    pub(crate) fn subscribe(&self) -> Events {
        // Events hold next to nothing, so they are bounded in number only.
        let (subscriber, events) = lossy_queue(self.capacity.get(), usize::MAX);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.subscribers.retain(|subscriber| !subscriber.is_closed());
        if let Some(last) = state.last.clone() {
            subscriber.put(last, 0);
        }
        state.subscribers.push(subscriber);
        Events(events)
    }
}
