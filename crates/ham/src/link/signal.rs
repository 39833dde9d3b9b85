//! Signals as one bounded, ordered stream that says when something is missing.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt as _};
use ham_session::{
    Ended, GapCause, Inbox, Incoming as Pushed, Link, LossyReceiver, LossySender, Received, lossy_queue,
};
use holochain_types::signal::SystemSignal;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AgentPubKey, AppSignal, ZomeName};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::events;
use crate::metrics::Meter;
use crate::wire::{ConductorProtocol, Incoming, shallow, unreadable};

/// Signals kept for a subscriber that falls behind; beyond them it gets a gap.
pub const DEFAULT_SIGNAL_CAPACITY: usize = 1024;
/// Bytes of signals kept for a subscriber that falls behind: the size of the largest possible message.
pub const DEFAULT_SIGNAL_BYTES: usize = 64 << 20;

/// A signal, in a form that covers every release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Signal {
    /// A zome emitted it.
    App {
        /// The cell.
        cell_id: CellId,
        /// The zome.
        zome_name: ZomeName,
        /// What it emitted.
        signal: AppSignal,
    },
    /// Another agent sent it without a zome; since Holochain 0.7.0.
    AppDirect {
        /// The cell that received it.
        cell_id: CellId,
        /// Who sent it; Holochain 0.7.0 does not say.
        from_agent: Option<AgentPubKey>,
        /// What was sent.
        signal: Vec<u8>,
    },
    /// The conductor itself.
    System(SystemSignal),
}

/// An item of the signal stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SignalItem {
    /// A signal, in the order the conductor sent it.
    Signal(Arc<Signal>),
    /// Signals may be missing here: read the state they describe again.
    Gap {
        /// Why.
        cause: GapCause,
        /// Since when: the moment when the last good item was received or the link ended.
        since: Instant,
    },
}

/// A subscription to an app's signals.
///
/// Bounded in items and bytes: a subscriber that falls behind gets a [`GapCause::Lagged`] in place of what it missed, and does not
/// slow the others down. A signal that waits for several subscribers is held once. Lag *inside* the conductor is invisible to every client.
#[derive(Debug)]
pub struct Signals {
    items: LossyReceiver<SignalItem>,
    last: Instant,
}

impl Signals {
    /// The next item; `None` once the owner has closed the connection.
    ///
    /// # Cancel safety
    /// Cancel-safe: no item is lost.
    pub async fn next(&mut self) -> Option<SignalItem> {
        let received = self.items.next().await?;
        Some(self.told(received))
    }

    fn told(&mut self, received: Received<SignalItem>) -> SignalItem {
        let item = match received {
            Received::Item(item) => item,
            Received::Missed(missed) => SignalItem::Gap { cause: GapCause::Lagged(missed), since: self.last },
        };
        self.last = Instant::now();
        item
    }
}

/// As [`next`](Signals::next).
impl Stream for Signals {
    type Item = SignalItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SignalItem>> {
        let received = self.items.poll_next_unpin(cx);
        received.map(|received| received.map(|received| self.told(received)))
    }
}

/// Where a link's pushes go, and what the subscriptions read.
#[derive(Debug)]
pub(crate) struct SignalHub {
    capacity: usize,
    bytes: usize,
    meter: Arc<Meter>,
    /// A queue for each subscription. Taken when the owner closes, so that subscriptions end. The lock is never held across an await.
    queues: Mutex<Option<Vec<LossySender<SignalItem>>>>,
    /// The gap that is open while there is no link: whoever subscribes then misses what is sent until there is one.
    outage: Mutex<Option<SignalItem>>,
}

impl SignalHub {
    pub(crate) fn new(capacity: usize, bytes: usize, meter: Arc<Meter>) -> Self {
        Self { capacity, bytes, meter, queues: Mutex::new(Some(Vec::new())), outage: Mutex::default() }
    }

    pub(crate) fn subscribe(&self) -> Signals {
        let (sender, items) = lossy_queue(self.capacity, self.bytes);
        let outage = self.outage();
        if let Some(gap) = &*outage {
            sender.put(gap.clone(), 0);
        }
        // Closed: a receiver without a sender ends at once.
        if let Some(queues) = &mut *self.queues() {
            queues.push(sender);
        }
        Signals { items, last: Instant::now() }
    }

    /// The link ended: something may be missing until there is another one.
    pub(crate) fn link_lost(&self, ended: Ended) {
        let cause = GapCause::LinkLost(ended);
        let mut outage = self.outage();
        *outage = Some(SignalItem::Gap { cause: cause.clone(), since: Instant::now() });
        self.gap(cause);
    }

    /// There is a link.
    pub(crate) fn link_up(&self) {
        *self.outage() = None;
    }

    /// Tells the subscribers that something may be missing. If nobody listens, nothing is missed.
    pub(crate) fn gap(&self, cause: GapCause) {
        if self.queues().as_ref().is_none_or(Vec::is_empty) {
            return;
        }
        tracing::warn!(event = events::SIGNAL_GAP, ?cause);
        self.meter.signal_gaps.add();
        let bytes = cause.held();
        self.publish(&SignalItem::Gap { cause, since: Instant::now() }, bytes);
    }

    pub(crate) fn close(&self) {
        self.queues().take();
    }

    fn received(&self, bytes: &[u8]) {
        let signal = shallow(bytes)
            .and_then(|()| rmp_serde::from_slice::<Signal>(bytes).map_err(|error| unreadable(&error)));
        match signal {
            Ok(signal) => {
                self.meter.signals.add();
                self.publish(&SignalItem::Signal(Arc::new(signal)), bytes.len());
            }
            Err(error) => self.gap(GapCause::BadFrame(error)),
        }
    }

    /// That nobody listens is no loss: a subscription starts when it is made.
    fn publish(&self, item: &SignalItem, bytes: usize) {
        for queue in self.queues().iter().flatten() {
            queue.put(item.clone(), bytes);
        }
    }

    /// Locked before the queues, so that a subscription is either told of an end of the link or begins with it.
    fn outage(&self) -> MutexGuard<'_, Option<SignalItem>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The queues that still have a reader.
    fn queues(&self) -> MutexGuard<'_, Option<Vec<LossySender<SignalItem>>>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queues) = &mut *queues {
            queues.retain(|queue| !queue.is_closed());
        }
        queues
    }
}

impl Inbox<ConductorProtocol> for SignalHub {
    fn deliver(&self, _: &Link<ConductorProtocol>, incoming: Pushed<ConductorProtocol>) {
        match incoming {
            Pushed::Push(Incoming::Signal(bytes)) => self.received(&bytes),
            Pushed::Skipped { why } => {
                tracing::warn!(event = events::FRAME_SKIPPED, interface = "app", why);
                self.meter.frames_skipped.add();
                self.gap(GapCause::BadFrame(why));
            }
            Pushed::Orphan { key, .. } => tracing::debug!(event = events::LATE_ANSWER, id = key),
            // A conductor makes no requests, and an answer is never a push.
            Pushed::Push(Incoming::Answer(_)) | Pushed::Request { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests;
