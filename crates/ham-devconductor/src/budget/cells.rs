//! The cells that a call runs in: its own, and those of its callers.

use std::future::pending;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// The call ends when one of these cells is removed: its own, or that of a caller that waits for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells(Option<Arc<Inside>>);

#[derive(Debug)]
struct Inside {
    /// Cancelled when the cell is removed.
    ended: CancellationToken,
    /// The cells of the caller.
    outer: Cells,
}

impl Cells {
    pub(super) fn and(&self, ended: CancellationToken) -> Self {
        Self(Some(Arc::new(Inside { ended, outer: self.clone() })))
    }

    pub(super) fn have_ended(&self) -> bool {
        self.0.as_ref().is_some_and(|inside| inside.ended.is_cancelled() || inside.outer.have_ended())
    }

    /// Resolves when one of them is removed; never if there is none.
    pub(super) async fn ended(&self) {
        let Some(Inside { ended, outer }) = self.0.as_deref() else { return pending().await };
        if outer.0.is_none() {
            // The usual case: no other cell waits for this call.
            return ended.cancelled().await;
        }
        tokio::select! {
            () = ended.cancelled() => {}
            () = Box::pin(outer.ended()) => {}
        }
    }
}
