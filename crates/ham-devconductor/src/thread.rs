//! Blocking work: on one of the runtime's threads for it, or on a thread of its own.

use std::io;
pub(crate) use std::thread::Builder;

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;
use tokio::task::JoinError;

use crate::error::RibosomeError;

/// Runs the work on one of the runtime's blocking threads, whose number is limited.
///
/// # Errors
/// It panicked.
///
/// # Cancel safety
/// Dropping the future lets the work run to its end.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    tokio::task::spawn_blocking(work).await
}

/// Runs the work on a thread of its own and waits for it. The inner error means that it panicked.
///
/// # Errors
/// The system provides no thread.
///
/// # Cancel safety
/// Dropping the future lets the work run to its end.
pub(crate) async fn run<T: Send + 'static>(
    thread: Builder,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Result<T, RecvError>> {
    let (done, result) = oneshot::channel();
    thread.spawn(move || drop(done.send(work())))?;
    Ok(result.await)
}

/// Runs work that a call waits for, on a thread of its own: the blocking threads are limited, and if all of them were waiting for
/// calls, none would be left to run one.
///
/// # Errors
/// The system provides no thread, or the work panicked.
///
/// # Cancel safety
/// Dropping the future lets the work run to its end.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RibosomeError> {
    let ended = run(Builder::new(), work).await;
    let ended = ended.map_err(|error| RibosomeError::JoinError(error.to_string()))?;
    ended.map_err(|error| RibosomeError::JoinError(error.to_string()))
}
