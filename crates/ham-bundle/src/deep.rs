//! Deeply nested values.

use std::io;
use std::thread::Builder;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

/// Runs `decoding` on a thread of its own, whose stack is large enough for anything that a bundle may hold: a manifest may be nested
/// as deeply as MessagePack can be read, which is done by recursion, and any other thread would overflow, which ends the process. A
/// process reads two bundles at a time; `deep` must not be called from within `decoding`.
///
/// # Errors
/// Variant by variant in [`DeepError`].
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Cancel safety
/// Cancel-safe: the thread decodes to its end, and nobody sees the result.
pub async fn deep<T: Send + 'static>(
    decoding: impl Future<Output = T> + Send + 'static,
) -> Result<T, DeepError> {
    let turn = TURNS.acquire().await.map_err(|_| DeepError::Panicked)?;
    let (runtime, (done, result)) = (Handle::current(), oneshot::channel());
    let decode = move || {
        let decoded = runtime.block_on(decoding);
        drop(turn);
        drop(done.send(decoded));
    };
    Builder::new().name("bundle".to_owned()).stack_size(STACK).spawn(decode).map_err(DeepError::NoThread)?;
    result.await.map_err(|_| DeepError::Panicked)
}

/// Why [`deep()`] has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeepError {
    /// The system provides no thread.
    #[error("there is no thread to read the bundle on")]
    NoThread(#[source] io::Error),
    /// The decoding panicked.
    #[error("reading the bundle panicked")]
    Panicked,
}

/// Bundles that a process reads at a time: each may take a gigabyte of memory. Others wait, but not for ever, since every one is bounded.
const AT_A_TIME: usize = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);
/// Sixteen KiB for each of the 1024 levels that are read.
const STACK: usize = 16 << 20;
