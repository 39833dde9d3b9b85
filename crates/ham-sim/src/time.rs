//! The simulated time and the tasks of a life; and real time, for whatever watches over it.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Waits in simulated time.
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep_until(Instant::now() + time).await;
}

/// Lets everything else that is ready run, this many times, which varies the order of what happens in one millisecond.
pub(crate) async fn yields(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

/// Starts a task of the world around the simulation. The life owns it: it ends with the life's runtime at the latest.
#[expect(clippy::disallowed_methods, reason = "the one place where a life starts tasks")]
pub(crate) fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(task)
}

/// How many tasks of this life have not ended, both the world's and the simulated ones.
///
/// # Panics
/// Outside a runtime.
#[must_use]
pub(crate) fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Real time, for the watchdog and the figures.
#[expect(clippy::disallowed_methods, reason = "the watchdog and the figures measure real time")]
pub(crate) fn real() -> std::time::Instant {
    std::time::Instant::now()
}
