//! The cells that a call runs in, with those that called it.

use std::future::pending;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// What runs somewhere ends when one of them does: its cell is removed, or that of whoever waits for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells(Option<Arc<Inside>>);

#[derive(Debug)]
struct Inside {
    /// Cancelled when the cell is removed.
    ended: CancellationToken,
    /// Those of the caller.
    outer: Cells,
}

impl Cells {
    pub(super) fn and(&self, ended: CancellationToken) -> Self {
        Self(Some(Arc::new(Inside { ended, outer: self.clone() })))
    }

    pub(super) fn have_ended(&self) -> bool {
        self.0.as_ref().is_some_and(|inside| inside.ended.is_cancelled() || inside.outer.have_ended())
    }

    /// Resolves when one of them is removed; never where there is none.
    pub(super) async fn ended(&self) {
        let Some(Inside { ended, outer }) = self.0.as_deref() else { return pending().await };
        if outer.0.is_none() {
            // A call that no cell waits for, as nearly all are.
            return ended.cancelled().await;
        }
        tokio::select! {
            () = ended.cancelled() => {}
            () = Box::pin(outer.ended()) => {}
        }
    }
}
