//! What the callers of a bench record while they call.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ham::{CallError, Outcome};
use tokio::time::Instant;

use super::measured::Measured;

/// What was measured so far. A clone belongs to the same bench: whoever ends it takes what there is, even if a signal
/// ends it.
#[derive(Clone, Debug)]
pub(super) struct Tally(Arc<Mutex<Option<Open>>>);

#[derive(Debug)]
struct Open {
    began: Instant,
    /// Calls that are under way.
    calls: u64,
    measured: Measured,
}

impl Tally {
    pub(super) fn new() -> Self {
        let open = Open { began: Instant::now(), calls: 0, measured: Measured::default() };
        Self(Arc::new(Mutex::new(Some(open))))
    }

    /// Makes the first call. If it has an output, it is not counted, and the measurement begins then.
    ///
    /// # Cancel safety
    /// As [`make`](Self::make).
    pub(super) async fn first(
        &self,
        call: impl Future<Output = Result<(), CallError>>,
    ) -> Result<(), CallError> {
        let (took, called) = self.timed(call).await;
        self.with(|open| match &called {
            Ok(()) => (open.measured.first, open.began) = (Some(took), Instant::now()),
            Err(error) => open.measured.note(took, Err(error.clone())),
        });
        called
    }

    /// Makes a call and records how it ended; returns its error. A call that did not run because the time was up does
    /// not count.
    ///
    /// # Cancel safety
    /// If it is dropped in the middle of a call, that call has no answer.
    pub(super) async fn make(
        &self,
        call: impl Future<Output = Result<(), CallError>>,
        until: Instant,
    ) -> Option<CallError> {
        let (took, called) = self.timed(call).await;
        let error = called.as_ref().err().cloned();
        let withdrawn = |error: &CallError| error.outcome() == Outcome::NotRun && Instant::now() >= until;
        if !called.as_ref().is_err_and(withdrawn) {
            self.with(|open| open.measured.note(took, called));
        }
        error
    }

    async fn timed<T>(&self, call: impl Future<Output = T>) -> (Duration, T) {
        self.with(|open| open.calls += 1);
        let began = Instant::now();
        let called = call.await;
        self.with(|open| open.calls -= 1);
        (began.elapsed(), called)
    }

    /// What was measured until then. Calls under way have no answer. `None` if somebody has already taken it.
    pub(super) fn end(&self, at: Instant) -> Option<Measured> {
        let Open { began, calls, mut measured } = self.open().take()?;
        measured.note_open(calls);
        measured.took = at.saturating_duration_since(began);
        Some(measured)
    }

    fn with(&self, note: impl FnOnce(&mut Open)) {
        if let Some(open) = &mut *self.open() {
            note(open);
        }
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;

    use super::*;

    /// A bench that was interrupted printed nothing of what it had measured.
    #[tokio::test(start_paused = true)]
    async fn what_is_there_can_be_taken_at_any_time_and_once() {
        let (tally, until) = (Tally::new(), Instant::now() + Duration::from_secs(9));
        tally.first(ready(Ok(()))).await.unwrap();
        tally.make(ready(Ok(())), until).await;
        let mut open = Box::pin(tally.make(pending(), until));
        assert!(open.as_mut().now_or_never().is_none());
        let measured = tally.end(Instant::now()).unwrap();
        assert_eq!((measured.json()["answered"].as_u64(), measured.unknown()), (Some(1), 1));
        tally.make(ready(Ok(())), until).await;
        assert!(tally.end(Instant::now()).is_none());
    }

    /// Calls that waited for their turn when the time was up had an unknown outcome.
    #[tokio::test(start_paused = true)]
    async fn what_was_not_sent_when_the_time_was_up_is_no_call() {
        let tally = Tally::new();
        let not_sent = || ready(Err(CallError::Closed { sent: false }));
        tally.make(not_sent(), Instant::now()).await;
        assert!(tally.end(Instant::now()).unwrap().failure().is_none());
        let tally = Tally::new();
        tally.make(not_sent(), Instant::now() + Duration::from_secs(1)).await;
        assert!(tally.end(Instant::now()).unwrap().failure().is_some());
    }
}
