//! Lets callers wait for the end of a call.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::call::{Call, CallId};
use super::error::SubmitError;

/// How far a call is, as its worker reports it.
#[derive(Clone, Debug, Default)]
pub(super) enum Progress {
    /// Not on disk yet.
    #[default]
    Accepting,
    /// On disk, and on its way.
    Open,
    /// At its end.
    Settled(Arc<Call>),
    /// Not in the outbox, and nothing of it was sent.
    Refused(SubmitError),
    /// Its worker ended without a result: the outbox is stopping, and the next start continues the call.
    Left,
}

/// From a call's worker to the followers of the call. They are woken in the order in which they came: a `watch` does
/// not promise that order, and a simulation relies on it.
#[derive(Debug, Default)]
pub(super) struct ProgressSender(Arc<ProgressState>);

#[derive(Debug, Default)]
struct ProgressState {
    progress: Mutex<Progress>,
    changed: Notify,
}

impl ProgressSender {
    pub(super) fn tell(&self, progress: Progress) {
        *self.0.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        self.0.changed.notify_waiters();
    }
}

impl Drop for ProgressSender {
    fn drop(&mut self) {
        if matches!(self.0.now(), Progress::Accepting | Progress::Open) {
            self.tell(Progress::Left);
        }
    }
}

impl ProgressState {
    fn now(&self) -> Progress {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Resolves once the progress is the awaited one.
    async fn wait_for(&self, awaited: impl Fn(&Progress) -> bool) -> Progress {
        loop {
            // Registered before the progress is checked, so that no change is missed in between.
            let changed = self.changed.notified();
            let now = self.now();
            if awaited(&now) {
                return now;
            }
            changed.await;
        }
    }
}

/// What is known about a call when the wait for it is over.
#[derive(Clone, Debug)]
pub enum Followed {
    /// It is settled.
    Settled(Arc<Call>),
    /// It is open, and may have run.
    Open,
    /// The outbox did not accept it: it did not run.
    Refused(SubmitError),
}

/// Follows one call. Dropping it does not affect the call.
#[derive(Clone, Debug)]
pub struct Following {
    id: CallId,
    progress: Arc<ProgressState>,
}

impl Following {
    pub(super) fn new(id: CallId, sender: &ProgressSender) -> Self {
        Self { id, progress: Arc::clone(&sender.0) }
    }

    /// One of a call that has ended.
    pub(super) fn settled(call: Call) -> Self {
        let id = call.id;
        let sender = ProgressSender::default();
        sender.tell(Progress::Settled(Arc::new(call)));
        Self::new(id, &sender)
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
        let ended = self.progress.wait_for(|now| !matches!(now, Progress::Accepting | Progress::Open));
        match tokio::time::timeout_at(until, ended).await {
            Ok(Progress::Settled(call)) => Followed::Settled(call),
            Ok(Progress::Refused(why)) => Followed::Refused(why),
            Ok(Progress::Accepting | Progress::Open | Progress::Left) | Err(_) => Followed::Open,
        }
    }

    /// Waits until the call is on disk: signed, if its owner waits for it.
    ///
    /// # Errors
    /// [`SubmitError`]: nothing of it was sent.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn on_disk(&mut self) -> Result<(), SubmitError> {
        match self.progress.wait_for(|now| !matches!(now, Progress::Accepting)).await {
            Progress::Refused(why) => Err(why),
            Progress::Left => Err(SubmitError::ShuttingDown),
            Progress::Accepting | Progress::Open | Progress::Settled(_) => Ok(()),
        }
    }
}
