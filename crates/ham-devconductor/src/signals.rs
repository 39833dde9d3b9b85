//! Signals of apps to their clients.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use holochain_types::app::InstalledAppId;
use holochain_types::signal::Signal;
use tokio::sync::broadcast;

#[derive(Debug, Default)]
pub(crate) struct Signals {
    apps: Mutex<HashMap<InstalledAppId, broadcast::Sender<Signal>>>,
    /// Whether a test has them thrown away.
    dropped: AtomicBool,
}

impl Signals {
    /// What is sent from now on. Who reads too slowly misses the oldest.
    pub(crate) fn subscribe(&self, app: &InstalledAppId) -> broadcast::Receiver<Signal> {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        apps.entry(app.clone()).or_insert_with(|| broadcast::channel(SIGNALS).0).subscribe()
    }

    /// To the clients of an app.
    pub(crate) fn send(&self, app: &InstalledAppId, signal: Signal) {
        if self.dropped.load(Ordering::Relaxed) {
            return;
        }
        let apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = apps.get(app) {
            // Nobody listens: a signal is for whoever is there.
            let _ = sender.send(signal);
        }
    }

    /// Ends the subscriptions of an app.
    pub(crate) fn close(&self, app: &InstalledAppId) {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner).remove(app);
    }

    /// Throws them away from now on, or sends them again.
    pub(crate) fn drop_all(&self, dropped: bool) {
        self.dropped.store(dropped, Ordering::Relaxed);
    }
}

/// How many signals wait for a slow client before it misses the oldest, as in `holochain` 0.7.1.
const SIGNALS: usize = 1000;
