//! Signals of apps to their clients.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use holochain_types::app::InstalledAppId;
use holochain_types::signal::Signal;

use crate::limits::RECORD_BYTES;
use crate::lossy::{Bounds, Receiver, Sender};

#[derive(Debug, Default)]
pub(crate) struct Signals {
    apps: Mutex<HashMap<InstalledAppId, Sender<Signal>>>,
    /// Whether a test wants them thrown away.
    dropped: AtomicBool,
}

impl Signals {
    /// What is sent from now on. A slow reader misses the oldest.
    pub(crate) fn subscribe(&self, app: &InstalledAppId) -> Receiver<Signal> {
        self.apps().entry(app.clone()).or_insert_with(|| Sender::new(WAITING)).subscribe()
    }

    /// To the clients of an app.
    pub(crate) fn send(&self, app: &InstalledAppId, signal: Signal) {
        if self.are_dropped() {
            return;
        }
        // If nobody listens, it is dropped: a signal is for whoever is there.
        if let Some(sender) = self.apps().get(app) {
            let bytes = bytes(&signal) + RECORD_BYTES as usize;
            sender.send(signal, bytes);
        }
    }

    /// Forgets an app that is gone, unless someone listens: they hear an app that is reinstalled under its id.
    pub(crate) fn forget(&self, app: &InstalledAppId) {
        let mut apps = self.apps();
        if apps.get(app).is_some_and(|sender| !sender.has_receivers()) {
            apps.remove(app);
        }
    }

    /// Throws them away from now on, or sends them again.
    pub(crate) fn drop_all(&self, dropped: bool) {
        self.dropped.store(dropped, Ordering::Relaxed);
    }

    pub(crate) fn are_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }

    fn apps(&self) -> MutexGuard<'_, HashMap<InstalledAppId, Sender<Signal>>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of its content.
fn bytes(signal: &Signal) -> usize {
    match signal {
        // Its content cannot be borrowed.
        Signal::App { signal, .. } => signal.clone().into_inner().as_bytes().len(),
        Signal::AppDirect { signal, .. } => signal.len(),
        Signal::System(_) => 0,
    }
}

/// What waits for the slowest client of an app before it misses the oldest: as many signals as in `holochain` 0.7.1, and together as
/// many bytes as the largest message.
const WAITING: Bounds = Bounds { items: 1000, bytes: 64 << 20 };

#[cfg(test)]
mod tests {
    use holochain_types::prelude::{AgentPubKey, CellId, DnaHash, ExternIO};
    use holochain_types::signal::Signal;
    use holochain_zome_types::prelude::AppSignal;

    use super::*;

    /// Case: it never heard anything again, and was not told so.
    #[tokio::test]
    async fn who_listens_hears_an_app_that_is_installed_anew() {
        let (signals, app) = (Signals::default(), "app".to_owned());
        let cell_id = CellId::new(DnaHash::from_raw_32(vec![0; 32]), AgentPubKey::from_raw_32(vec![1; 32]));
        let signal = AppSignal::new(ExternIO::encode(()).unwrap());
        let mut heard = signals.subscribe(&app);
        signals.forget(&app);
        signals.send(&app, Signal::App { cell_id, zome_name: "zome".into(), signal });
        assert!(heard.recv().await.unwrap().is_ok());
        drop(heard);
        signals.forget(&app);
        assert!(signals.apps().is_empty());
    }
}
