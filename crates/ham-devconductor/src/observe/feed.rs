//! The feed of events: bounded, and lossy with a gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holochain_types::prelude::Timestamp;

use super::event::{CallId, Event, Told};
use crate::lossy::{Bounds, Receiver, Sender};

/// Where everything is reported. Nothing is created for it while nobody watches.
#[derive(Debug)]
pub(crate) struct Feed {
    sender: Sender<Told>,
    calls: AtomicU64,
}

impl Default for Feed {
    fn default() -> Self {
        Self { sender: Sender::new(KEPT), calls: AtomicU64::new(1) }
    }
}

impl Feed {
    pub(crate) fn watch(&self) -> Watch {
        Watch(self.sender.subscribe())
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.sender.has_receivers()
    }

    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.is_watched() {
            let told = Told { at: Timestamp::now(), event: event() };
            let bytes = told.event.bytes();
            self.sender.send(told, bytes);
        }
    }

    pub(super) fn name_call(&self) -> CallId {
        CallId(self.calls.fetch_add(1, Ordering::Relaxed))
    }
}

/// What happens in a conductor from now on. Dropping it ends the watch.
#[derive(Debug)]
pub struct Watch(Receiver<Told>);

/// This many events were lost, because the watcher was slower than the conductor; the next ones are the oldest still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} events were lost")]
pub struct Missed(pub u64);

impl Watch {
    /// The next event; `None` when the conductor is gone. A thousand events wait for a slow watcher, of at most 64 MiB together.
    ///
    /// # Errors
    /// [`Missed`] says how many were lost; the next one comes with the next call.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Arc<Told>, Missed>> {
        Some(self.0.recv().await?.map_err(Missed))
    }
}

/// What waits for a slow watcher.
const KEPT: Bounds = Bounds { items: 1024, bytes: 64 << 20 };

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_watches_too_slowly_is_told_how_much_is_missing() {
        let feed = Feed::default();
        feed.tell(|| unreachable!("nobody watches"));
        let mut watch = feed.watch();
        for _ in 0..KEPT.items + 3 {
            feed.tell(|| Event::Apps);
        }
        assert_eq!(watch.next().await.unwrap().unwrap_err(), Missed(3));
        for _ in 0..KEPT.items {
            assert!(matches!(watch.next().await.unwrap().unwrap().event, Event::Apps));
        }
        drop(feed);
        assert!(watch.next().await.is_none());
    }
}
