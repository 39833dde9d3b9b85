//! Direct calls that are lost: their signed bytes, so that the outbox can settle them.

use std::sync::{Arc, Mutex, PoisonError};

use ham::{SignedCall, UnknownCall};

tokio::task_local! {
    static LOST: Arc<Mutex<Option<SignedCall>>>;
}

/// Runs a call; also returns what it signed last, if it was lost. It needs [`remember_lost`] as the connection's hook.
///
/// # Cancel safety
/// That of the call.
pub async fn catching_lost<T>(call: impl Future<Output = T>) -> (T, Option<SignedCall>) {
    let lost = Arc::new(Mutex::new(None));
    let ended = LOST.scope(Arc::clone(&lost), call).await;
    let lost = lost.lock().unwrap_or_else(PoisonError::into_inner).take();
    (ended, lost)
}

/// The hook of a connection whose direct calls are caught: for
/// [`PersistentHamConfig::with_on_unknown`](ham::PersistentHamConfig::with_on_unknown). Calls outside of [`catching_lost`] are not
/// remembered.
pub fn remember_lost(unknown: &UnknownCall) {
    // Called on the task whose call it is.
    let _ = LOST.try_with(|lost| {
        *lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(unknown.call.clone());
    });
}
