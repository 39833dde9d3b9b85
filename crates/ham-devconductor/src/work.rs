//! What is worked on in a conductor, so that it can be waited for.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::time::error::Elapsed;
use tokio_util::task::TaskTracker;

/// A copy is of the same conductor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work(Arc<RwLock<()>>);

impl Work {
    /// Something is worked on while this is held. Whoever holds it begins no other.
    pub(crate) async fn begin(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.0).read_owned().await
    }

    /// Nothing is worked on while this is held.
    ///
    /// # Errors
    /// What was begun takes longer than [`PATIENCE`].
    pub(crate) async fn stop(&self) -> Result<OwnedRwLockWriteGuard<()>, Elapsed> {
        tokio::time::timeout(PATIENCE, Arc::clone(&self.0).write_owned()).await
    }
}

/// What follows a request and may outlive it: it ends before the conductor does.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    work: Work,
}

impl Tasks {
    pub(crate) fn new(tracker: TaskTracker, work: Work) -> Self {
        Self { tracker, work }
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_on(task, &Handle::current());
    }

    pub(crate) fn spawn_on(&self, task: impl Future<Output = ()> + Send + 'static, runtime: &Handle) {
        let work = self.work.clone();
        let task = async move {
            let _begun = work.begin().await;
            task.await;
        };
        self.tracker.spawn_on(task, runtime);
    }
}

/// As long as a call may well take. What comes meanwhile waits too.
const PATIENCE: Duration = Duration::from_secs(10);
