//! Work that is limited by permits: work on long values, away from the threads that serve, because a value in memory is
//! many times as long as its bytes; and installations, which may take for ever. Neither kind waits for the other.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::problem::Problem;

/// The permits for one kind of work.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit(Arc<Semaphore>);

impl ConcurrencyLimit {
    /// At most this many at a time.
    pub(crate) fn of(at_a_time: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_a_time)))
    }

    /// Waits for a permit, for at most ten seconds.
    pub(crate) async fn acquire(&self) -> Result<Permit, Problem> {
        let acquiring = Arc::clone(&self.0).acquire_owned();
        let Ok(permit) = tokio::time::timeout_at(Instant::now() + PATIENCE, acquiring).await else {
            let text = "Other requests come first; try again in a moment";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text).again());
        };
        permit.map(|_permit| Permit { _permit }).map_err(|error| failed(&error))
    }
}

/// Others wait until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _permit: OwnedSemaphorePermit,
}

impl Permit {
    /// Does the work. If the future is dropped, the work goes on to its end, and keeps its permit.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let worked = tokio::task::spawn_blocking(move || {
            let worked = work();
            drop(self);
            worked
        });
        worked.await.map_err(|error| failed(&error))
    }
}

fn failed(why: &dyn std::fmt::Display) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "It could not be read").detail(why)
}

const PATIENCE: Duration = Duration::from_secs(10);
/// How many tasks work on long values at a time.
pub(crate) const VALUES: usize = 2;
/// How many apps are installed at a time, including their bundles.
pub(crate) const INSTALLS: usize = 2;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// Case: four bodies of 16 MiB stopped a conductor.
    #[tokio::test(start_paused = true)]
    async fn the_third_waits_for_one_of_two() {
        let limit = ConcurrencyLimit::of(2);
        let first = limit.acquire().await.expect("a permit");
        let _second = limit.acquire().await.expect("a permit");
        assert!(limit.acquire().now_or_never().is_none());
        // Two clients that sent their bundles drop by drop delayed everyone for as long as they liked.
        assert!(limit.acquire().await.is_err());
        assert_eq!(first.run(|| 3).await.expect("it works"), 3);
        assert!(limit.acquire().now_or_never().is_some());
    }
}
