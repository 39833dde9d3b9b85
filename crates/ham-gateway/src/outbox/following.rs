//! What becomes of a call, for whoever waits for it.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::call::{Call, CallId};
use super::error::SubmitError;

/// Where a call is, as its worker tells it.
#[derive(Clone, Debug)]
pub(super) enum Progress {
    /// Not on disk yet.
    Accepting,
    /// On disk, and on its way.
    Open,
    /// At its end.
    Settled(Arc<Call>),
    /// Not in the outbox, and nothing of it was sent.
    Refused(SubmitError),
}

/// What is known of a call when the wait for it is over.
#[derive(Clone, Debug)]
pub enum Followed {
    /// It is settled.
    Settled(Arc<Call>),
    /// It is open, and may have run.
    Open,
    /// The outbox did not take it: it did not run.
    Refused(SubmitError),
}

/// Follows one call. Dropping it changes nothing about the call.
#[derive(Clone, Debug)]
pub struct Following {
    id: CallId,
    progress: watch::Receiver<Progress>,
}

impl Following {
    pub(super) fn new(id: CallId, progress: watch::Receiver<Progress>) -> Self {
        Self { id, progress }
    }

    /// One that is at its end.
    pub(super) fn settled(call: Call) -> Self {
        let id = call.id;
        Self { id, progress: watch::channel(Progress::Settled(Arc::new(call))).1 }
    }

    /// The call's name.
    #[must_use]
    pub fn id(&self) -> CallId {
        self.id
    }

    /// Waits until the call is settled, at most until `until`.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn until(&mut self, until: Instant) -> Followed {
        let is_open = |progress: &Progress| matches!(progress, Progress::Accepting | Progress::Open);
        let ended = self.progress.wait_for(|progress| !is_open(progress));
        match tokio::time::timeout_at(until, ended).await {
            Ok(Ok(progress)) => match &*progress {
                Progress::Settled(call) => Followed::Settled(Arc::clone(call)),
                Progress::Refused(why) => Followed::Refused(why.clone()),
                Progress::Accepting | Progress::Open => Followed::Open,
            },
            // Its worker ended without telling: the outbox stops, and the next start goes on.
            Ok(Err(_)) | Err(_) => Followed::Open,
        }
    }

    /// Waits until the call is on disk: signed, where its owner waits for it.
    ///
    /// # Errors
    /// [`SubmitError`]: nothing of it was sent.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn on_disk(&mut self) -> Result<(), SubmitError> {
        let accepted = self.progress.wait_for(|progress| !matches!(progress, Progress::Accepting));
        match accepted.await.as_deref() {
            Ok(Progress::Refused(why)) => Err(why.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(SubmitError::ShuttingDown),
        }
    }
}
