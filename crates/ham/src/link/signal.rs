//! Signals as one bounded, ordered stream that says when something is missing.

use std::sync::Arc;

use ham_session::{Inbox, Incoming as Pushed, Link};
use holochain_types::signal::SystemSignal;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AgentPubKey, AppSignal, ZomeName};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::events;
use crate::metrics::Meter;
use crate::wire::{ConductorProtocol, Incoming};

/// Signals kept for a subscriber that is behind; then it gets a gap.
pub const DEFAULT_SIGNAL_CAPACITY: usize = 1024;

/// Why signals may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapCause {
    /// The link was down; the conductor keeps nothing for us.
    LinkLost(String),
    /// This subscriber was slower than the stream; so many items were dropped for it.
    Lagged(u64),
    /// A message could not be understood.
    BadFrame(String),
}

/// A signal, in the words of every release.
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
        /// Since when: the moment the last good item was received or the link ended.
        since: Instant,
    },
}

/// A subscription to an app's signals.
///
/// Bounded: a subscriber that falls behind gets a [`GapCause::Lagged`] in place of what it missed, and the others are
/// not slowed down. Lag *inside* the conductor is invisible to any client.
#[derive(Debug)]
pub struct Signals {
    items: broadcast::Receiver<SignalItem>,
    last: Instant,
}

impl Signals {
    /// The next item; `None` when the connection was closed by its owner.
    ///
    /// # Cancel safety
    /// Cancel-safe: no item is lost.
    pub async fn next(&mut self) -> Option<SignalItem> {
        let item = match self.items.recv().await {
            Ok(item) => item,
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                SignalItem::Gap { cause: GapCause::Lagged(missed), since: self.last }
            }
            Err(broadcast::error::RecvError::Closed) => return None,
        };
        self.last = Instant::now();
        Some(item)
    }
}

/// Where a link's pushes go, and what the subscriptions read.
#[derive(Debug)]
pub(crate) struct SignalHub {
    /// Taken when the owner closes, so that subscriptions end.
    items: std::sync::RwLock<Option<broadcast::Sender<SignalItem>>>,
    meter: Arc<Meter>,
}

impl SignalHub {
    pub(crate) fn new(capacity: usize, meter: Arc<Meter>) -> Self {
        Self { items: std::sync::RwLock::new(Some(broadcast::Sender::new(capacity.max(1)))), meter }
    }

    pub(crate) fn subscribe(&self) -> Signals {
        let items = match self.sender() {
            Some(sender) => sender.subscribe(),
            // Closed: a receiver without sender ends at once.
            None => broadcast::channel(1).1,
        };
        Signals { items, last: Instant::now() }
    }

    /// Tells the subscribers that something may be missing. Where nobody listens, nothing is missed.
    pub(crate) fn gap(&self, cause: GapCause) {
        if self.sender().is_none_or(|items| items.receiver_count() == 0) {
            return;
        }
        tracing::warn!(event = events::SIGNAL_GAP, ?cause);
        self.meter.signal_gaps.add();
        self.publish(SignalItem::Gap { cause, since: Instant::now() });
    }

    pub(crate) fn close(&self) {
        self.items.write().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }

    fn sender(&self) -> Option<broadcast::Sender<SignalItem>> {
        self.items.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Nobody listening is no loss: a subscription starts when it is made.
    fn publish(&self, item: SignalItem) {
        if let Some(sender) = self.sender() {
            let _ = sender.send(item);
        }
    }
}

impl Inbox<ConductorProtocol> for SignalHub {
    fn deliver(&self, _: &Link<ConductorProtocol>, incoming: Pushed<ConductorProtocol>) {
        match incoming {
            Pushed::Push(Incoming::Signal(bytes)) => match rmp_serde::from_slice::<Signal>(&bytes) {
                Ok(signal) => {
                    self.meter.signals.add();
                    self.publish(SignalItem::Signal(Arc::new(signal)));
                }
                Err(error) => self.gap(GapCause::BadFrame(error.to_string())),
            },
            Pushed::Skipped { why } => {
                tracing::warn!(event = events::FRAME_SKIPPED, interface = "app", why);
                self.meter.frames_skipped.add();
                self.gap(GapCause::BadFrame(why));
            }
            Pushed::Orphan { key, .. } => tracing::debug!(event = events::LATE_ANSWER, id = key),
            // A conductor asks nothing, and an answer is never a push.
            Pushed::Push(Incoming::Answer(_)) | Pushed::Request { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_subscriber_is_told_how_much_it_missed() {
        let hub = SignalHub::new(2, Arc::new(Meter::new("app")));
        let mut signals = hub.subscribe();
        for n in 0..5 {
            hub.gap(GapCause::BadFrame(n.to_string()));
        }
        let Some(SignalItem::Gap { cause: GapCause::Lagged(missed), .. }) = signals.next().await else {
            panic!("no lag gap");
        };
        assert_eq!(missed, 3);
        let Some(SignalItem::Gap { cause, .. }) = signals.next().await else { panic!("stream ended") };
        assert_eq!(cause, GapCause::BadFrame("3".into()));
    }

    #[tokio::test]
    async fn a_closed_hub_ends_every_subscription() {
        let hub = SignalHub::new(2, Arc::new(Meter::new("app")));
        let mut before = hub.subscribe();
        hub.close();
        assert!(before.next().await.is_none());
        assert!(hub.subscribe().next().await.is_none());
    }
}
