//! Values that are nested deeply.

use std::io;
use std::thread::Builder;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

/// Runs a decoding on a thread of its own whose stack is enough for what a bundle may hold: a manifest may be nested as deeply as
/// MessagePack is read, which is by recursion, and any other thread would overflow, which ends the process.
/// Two are read at a time in a process; it must not be called from within `decoding`.
///
/// # Errors
/// Variant by variant in [`DeepError`].
///
/// # Panics
/// Outside of a runtime of tokio.
///
/// # Cancel safety
/// Cancel-safe: the thread decodes to its end, and nobody sees it.
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
    /// The system gives no thread.
    #[error("there is no thread to read the bundle on")]
    NoThread(#[source] io::Error),
    /// The decoding panicked.
    #[error("reading the bundle panicked")]
    Panicked,
}

/// Bundles that a process reads at a time: each may take a gigabyte of memory. Others wait, and none for ever, since every one is bounded.
const AT_A_TIME: usize = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);
/// Sixteen kibibytes for each of the 1024 levels that are read.
const STACK: usize = 16 << 20;
