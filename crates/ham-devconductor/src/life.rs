//! How long a conductor lives, and what runs in it.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A copy is the same life.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    tasks: TaskTracker,
    closing: CancellationToken,
    /// The parent of `closing`: a killed conductor is closing too.
    killed: CancellationToken,
}

impl Life {
    pub(crate) fn new() -> Self {
        let killed = CancellationToken::new();
        Self { tasks: TaskTracker::new(), closing: killed.child_token(), killed }
    }

    /// What must end before the conductor does.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Cancelled when no more requests are accepted.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Cancelled when connections are cut and nothing is answered any more.
    pub(crate) fn killed(&self) -> &CancellationToken {
        &self.killed
    }

    /// Accepts no more requests, and waits until whatever is running has ended.
    pub(crate) async fn end(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
