//! The feed of events: bounded, and lossy with a gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holochain_types::prelude::Timestamp;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::event::{CallId, Event, Told};

/// Where everything is told. Nothing is made for it while nobody watches.
#[derive(Debug)]
pub(crate) struct Feed {
    sender: broadcast::Sender<Arc<Told>>,
    calls: AtomicU64,
}

impl Default for Feed {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(KEPT), calls: AtomicU64::new(1) }
    }
}

impl Feed {
    pub(crate) fn watch(&self) -> Watch {
        Watch(self.sender.subscribe())
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.is_watched() {
            // Who watched may have left meanwhile.
            let _ = self.sender.send(Arc::new(Told { at: Timestamp::now(), event: event() }));
        }
    }

    pub(super) fn name_call(&self) -> CallId {
        CallId(self.calls.fetch_add(1, Ordering::Relaxed))
    }
}

/// What happens in a conductor from now on. Dropping it ends the watch.
#[derive(Debug)]
pub struct Watch(broadcast::Receiver<Arc<Told>>);

/// So many events were lost, because the watcher was slower than the conductor; those that follow are the oldest still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} events were lost")]
pub struct Missed(pub u64);

impl Watch {
    /// The next event; `None` when the conductor is gone. A thousand wait for a slow watcher.
    ///
    /// # Errors
    /// [`Missed`] says how many were lost; the next one comes with the next call.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Arc<Told>, Missed>> {
        match self.0.recv().await {
            Ok(told) => Some(Ok(told)),
            Err(RecvError::Lagged(missed)) => Some(Err(Missed(missed))),
            Err(RecvError::Closed) => None,
        }
    }
}

/// How many events wait for a slow watcher.
const KEPT: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_watches_too_slowly_is_told_how_much_is_missing() {
        let feed = Feed::default();
        feed.tell(|| unreachable!("nobody watches"));
        let mut watch = feed.watch();
        for _ in 0..KEPT + 3 {
            feed.tell(|| Event::Apps);
        }
        assert_eq!(watch.next().await.unwrap().unwrap_err(), Missed(3));
        for _ in 0..KEPT {
            assert!(matches!(watch.next().await.unwrap().unwrap().event, Event::Apps));
        }
        drop(feed);
        assert!(watch.next().await.is_none());
    }
}
