//! Follows the app's signals: counts them and their gaps, and remembers which calls they reported as written.

use std::collections::HashSet;

use ham::Signal as HolochainSignal;
use ham::{SignalItem, Signals};
use tokio::sync::watch;

use super::probe;
use super::report::SignalReport;

/// What has come so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    report: SignalReport,
    committed: HashSet<String>,
}

/// The reader's side of the signals.
#[derive(Debug)]
pub(super) struct Follower {
    seen: watch::Sender<Seen>,
}

impl Follower {
    pub(super) fn new() -> Self {
        Self { seen: watch::Sender::default() }
    }

    /// Follows until the connection is closed.
    pub(super) async fn follow(&self, mut signals: Signals) {
        while let Some(item) = signals.next().await {
            self.seen.send_modify(|seen| seen.take(&item));
        }
    }

    /// Resolves when a signal said that this call wrote.
    pub(super) async fn until_committed(&self, call_id: &str) {
        let mut seen = self.seen.subscribe();
        // The sender is in `self`, so the channel cannot close.
        let _ = seen.wait_for(|seen| seen.committed.contains(call_id)).await;
    }

    pub(super) fn report(&self) -> SignalReport {
        self.seen.borrow().report
    }
}

impl Seen {
    fn take(&mut self, item: &SignalItem) {
        match item {
            SignalItem::Signal(signal) => {
                self.report.received += 1;
                let HolochainSignal::App { signal, .. } = &**signal else { return };
                let bytes = signal.clone().into_inner();
                if let Ok(probe::Signal::Committed { actions }) = rmp_serde::from_slice(&bytes.0) {
                    self.committed.extend(actions.into_iter().filter_map(|action| action.call_id));
                }
            }
            // A gap, or a kind of item that this version does not know: not a signal.
            _ => self.report.gaps += 1,
        }
    }
}
