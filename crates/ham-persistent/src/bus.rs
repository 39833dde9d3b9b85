//! The bus: every subscriber sees the events in order, starting with the most recent one, and is told what it missed.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::broadcast;

use crate::connector::Connector;
use crate::event::Event;

/// A subscription to the events of one persistent connection.
///
/// Begins with the last event before the subscription, if there was one, then carries every later event in order. Ends
/// after the last event of a closed connection. Bounded: a subscriber that falls behind by more than
/// [`event_capacity`](crate::Config::event_capacity) events loses the oldest ones and is told how many.
/// Owned by the subscriber; dropping it unsubscribes. It does not keep the connection open.
pub struct Events<C: Connector> {
    items: BoxStream<'static, BusItem<C>>,
}

impl<C: Connector> Stream for Events<C> {
    type Item = BusItem<C>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.poll_next_unpin(context)
    }
}

impl<C: Connector> fmt::Debug for Events<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// What a subscriber receives.
pub enum BusItem<C: Connector> {
    /// An event.
    Event(Event<C>),
    /// This many events were lost here, because the subscriber fell behind.
    Missed(u64),
}

impl<C: Connector> Clone for BusItem<C> {
    fn clone(&self) -> Self {
        match self {
            Self::Event(event) => Self::Event(event.clone()),
            Self::Missed(count) => Self::Missed(*count),
        }
    }
}

impl<C: Connector> fmt::Debug for BusItem<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => event.fmt(f),
            Self::Missed(count) => write!(f, "Missed({count})"),
        }
    }
}

/// The publishing side.
pub(crate) struct Bus<C: Connector> {
    // One lock over both, so that no event falls between "the last one" and "the later ones" of a new subscriber. Never held across an await.
    inside: Mutex<Inside<C>>,
}

struct Inside<C: Connector> {
    /// `None` once closed: that ends the subscribers' streams.
    sender: Option<broadcast::Sender<Event<C>>>,
    last: Option<Event<C>>,
}

impl<C: Connector> Bus<C> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { inside: Mutex::new(Inside { sender: Some(broadcast::Sender::new(capacity)), last: None }) }
    }

    pub(crate) fn publish(&self, event: Event<C>) {
        let mut inside = self.lock();
        if let Some(sender) = &inside.sender {
            // An error means that nobody is subscribed, which is fine.
            let _ = sender.send(event.clone());
        }
        inside.last = Some(event);
    }

    pub(crate) fn subscribe(&self) -> Events<C> {
        let inside = self.lock();
        let last = stream::iter(inside.last.clone().map(BusItem::Event));
        let later = inside.sender.as_ref().map(broadcast::Sender::subscribe);
        Events { items: last.chain(stream::unfold(later, next)).boxed() }
    }

    pub(crate) fn close(&self) {
        self.lock().sender = None;
    }

    fn lock(&self) -> MutexGuard<'_, Inside<C>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Receiver<C> = broadcast::Receiver<Event<C>>;

async fn next<C: Connector>(receiver: Option<Receiver<C>>) -> Option<(BusItem<C>, Option<Receiver<C>>)> {
    let mut receiver = receiver?;
    match receiver.recv().await {
        Ok(event) => Some((BusItem::Event(event), Some(receiver))),
        Err(broadcast::error::RecvError::Lagged(count)) => Some((BusItem::Missed(count), Some(receiver))),
        Err(broadcast::error::RecvError::Closed) => None,
    }
}
