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
