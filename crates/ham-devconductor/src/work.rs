//! What a conductor is working on, so that it can be waited for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio::time::error::Elapsed;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// A copy belongs to the same conductor.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    /// All work passes it when it begins; it is shut while nothing may begin.
    gate: Arc<RwLock<()>>,
    running: TaskTracker,
    /// For the calls that begin now.
    cut: Arc<Mutex<CancellationToken>>,
}

/// Something is being worked on while this is held. Its holder begins no other work.
#[derive(Debug)]
pub(crate) struct WorkGuard(#[expect(dead_code, reason = "held for its drop")] TaskTrackerToken);

impl Default for Work {
    fn default() -> Self {
        let running = TaskTracker::new();
        // It can be waited for whenever it is empty; it counts all the same.
        running.close();
        Self { gate: Arc::default(), running, cut: Arc::default() }
    }
}

impl Work {
    /// Begins something, once it may.
    pub(crate) async fn begin(&self) -> WorkGuard {
        let _open = self.gate.read().await;
        self.go_on()
    }

    /// Begins something that follows from other work, which ends only once this has begun.
    fn go_on(&self) -> WorkGuard {
        WorkGuard(self.running.token())
    }

    /// Cancelled when calls that begin now are cut off.
    pub(crate) fn cut(&self) -> CancellationToken {
        self.cutting().clone()
    }

    /// Cuts calls off and waits until everything that has begun has ended. Nothing is worked on while the result is held.
    ///
    /// # Errors
    /// It takes longer than [`PATIENCE`]. Calls were cut off anyway.
    ///
    /// # Cancel safety
    /// Cancel-safe, but calls were cut off.
    pub(crate) async fn stop(&self) -> Result<OwnedRwLockWriteGuard<()>, Elapsed> {
        let alone = Arc::clone(&self.gate).write_owned().await;
        let _renewed = Renewed(&self.cut);
        self.cut().cancel();
        tokio::time::timeout(PATIENCE, self.running.wait()).await?;
        Ok(alone)
    }

    fn cutting(&self) -> MutexGuard<'_, CancellationToken> {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropping it makes new calls possible again. Not earlier: what has begun may still begin more.
struct Renewed<'a>(&'a Mutex<CancellationToken>);

impl Drop for Renewed<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = CancellationToken::new();
    }
}

/// Work that follows a request and may outlive it: it ends before the conductor does.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    work: Work,
}

impl Tasks {
    pub(crate) fn new(tracker: TaskTracker, work: Work) -> Self {
        Self { tracker, work }
    }

    /// What is worked on.
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_on(task, &Handle::current());
    }

    pub(crate) fn spawn_on(&self, task: impl Future<Output = ()> + Send + 'static, runtime: &Handle) {
        // Counted from now on: its spawner may end before it begins.
        let guard = self.work.go_on();
        let task = async move {
            task.await;
            drop(guard);
        };
        self.tracker.spawn_on(task, runtime);
    }
}

/// Work that is cut off ends within a second or so; a commit is written to its end.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    /// Case: work that followed a call was not waited for if it had not been polled yet, and wrote into what had been restored.
    #[tokio::test]
    async fn what_a_request_leaves_behind_is_waited_for() {
        let (work, tracker) = (Work::default(), TaskTracker::new());
        let tasks = Tasks::new(tracker, work.clone());
        let guard = work.begin().await;
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn(async move { drop(ended.await) });
        drop(guard);
        let mut stopping = pin!(work.stop());
        assert!(stopping.as_mut().now_or_never().is_none());
        assert!(work.begin().now_or_never().is_none(), "nothing begins meanwhile");
        end.send(()).unwrap();
        let alone = stopping.await.unwrap();
        assert!(work.begin().now_or_never().is_none());
        drop(alone);
        drop(work.begin().await);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_cut_off_and_those_that_begin_later_are_not() {
        let work = Work::default();
        let (guard, cut) = (work.begin().await, work.cut());
        assert!(work.stop().await.is_err(), "it does not end");
        assert!(cut.is_cancelled() && !work.cut().is_cancelled());
        drop(guard);
        let alone = work.stop().await.unwrap();
        assert!(!work.cut().is_cancelled());
        drop(alone);
    }
}
