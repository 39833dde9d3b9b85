//! Work that is limited by turns: work on long values, away from the threads that serve, because a value in memory is
//! many times as long as its bytes; and installations, which may take for ever. Neither kind waits for the other.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::problem::Problem;

/// The turns.
#[derive(Debug)]
pub(crate) struct Heavy(Arc<Semaphore>);

impl Heavy {
    /// At most this many at a time.
    pub(crate) fn of(at_a_time: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_a_time)))
    }

    /// Waits until it is the caller's turn, for at most ten seconds.
    pub(crate) async fn turn(&self) -> Result<Turn, Problem> {
        let turn = Arc::clone(&self.0).acquire_owned();
        let Ok(permit) = tokio::time::timeout_at(Instant::now() + PATIENCE, turn).await else {
            let text = "Other requests come first; try again in a moment";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text).again());
        };
        permit.map(|_permit| Turn { _permit }).map_err(|error| failed(&error))
    }
}

/// Others wait until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    /// Does the work. If the future is dropped, the work goes on to its end, and keeps its turn.
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
        let heavy = Heavy::of(2);
        let first = heavy.turn().await.expect("a turn");
        let _second = heavy.turn().await.expect("a turn");
        assert!(heavy.turn().now_or_never().is_none());
        // Two clients that sent their bundles drop by drop delayed everyone for as long as they liked.
        assert!(heavy.turn().await.is_err());
        assert_eq!(first.run(|| 3).await.expect("it works"), 3);
        assert!(heavy.turn().now_or_never().is_some());
    }
}
