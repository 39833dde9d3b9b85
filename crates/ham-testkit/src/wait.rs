//! Waiting for what must happen.

use std::future::Future;
use std::time::Duration;

/// A bound that only a hang reaches, on whatever machine.
pub const BOUND: Duration = Duration::from_secs(60);

/// Waits for what must happen, so that a failing test ends.
///
/// # Panics
/// After [`BOUND`].
///
/// # Cancel safety
/// That of `what`.
pub async fn must<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, what).await.expect("it happens")
}

/// Lets so much time pass at once, and the millisecond that timers may be late: those that are set fire, whatever this machine does
/// meanwhile. Before and after, time is the machine's.
///
/// # Panics
/// Where the clock is paused already, and on a runtime of several threads.
///
/// # Cancel safety
/// Time goes on also where what fires ends the test's future while it waits here.
#[cfg(feature = "test-util")]
pub async fn pass(time: Duration) {
    struct Frozen;
    impl Drop for Frozen {
        fn drop(&mut self) {
            tokio::time::resume();
        }
    }
    tokio::time::pause();
    let frozen = Frozen;
    tokio::time::advance(time + Duration::from_millis(1)).await;
    drop(frozen);
    // Once more: a test's own future is polled before the tasks whose timers have fired.
    tokio::task::yield_now().await;
}
