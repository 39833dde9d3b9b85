//! What is done before the process ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

/// What a command wants done when it is over, however it ends.
#[derive(Default)]
pub(crate) struct Ending(Mutex<Option<Work>>);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Ending {
    /// Replaces the earlier work.
    pub(crate) fn set(&self, work: impl Future<Output = ()> + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(work));
    }

    /// Does it, once.
    ///
    /// # Cancel safety
    /// Dropped work is not started again.
    pub(crate) async fn run(&self) {
        let work = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(work) = work {
            work.await;
        }
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending").finish_non_exhaustive()
    }
}
