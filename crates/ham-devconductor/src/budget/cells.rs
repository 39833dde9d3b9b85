//! The cells that a call runs in, with those that called it.

use std::sync::Arc;

use futures_util::future::select_all;
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

    fn each(&self) -> impl Iterator<Item = &CancellationToken> {
        let cells = std::iter::successors(self.0.as_deref(), |inside| inside.outer.0.as_deref());
        cells.map(|inside| &inside.ended)
    }

    pub(super) fn have_ended(&self) -> bool {
        self.each().any(CancellationToken::is_cancelled)
    }

    /// Resolves when one of them is removed; never where there is none.
    pub(super) async fn ended(&self) {
        let ended: Vec<_> = self.each().map(|ended| Box::pin(ended.cancelled())).collect();
        if ended.is_empty() {
            std::future::pending::<()>().await;
        }
        select_all(ended).await;
    }
}
