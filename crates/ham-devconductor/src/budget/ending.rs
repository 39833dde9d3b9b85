//! When whatever draws on a budget ends: at a bound, when its time is up, or when it is cut off.

use tokio::time::Instant;

use super::exceeded::Bound;
use super::{Budget, Exceeded};

impl Budget {
    /// Whether whatever draws on it was cut off: its errors then mean nothing.
    pub(crate) fn is_cut(&self) -> bool {
        self.shared.cut.is_cancelled() || self.cells.have_ended()
    }

    /// Whether it ended because the conductor reverts to a snapshot, rather than at an earlier bound.
    pub(crate) fn ended_cut(&self) -> bool {
        self.shared.met.get().is_some_and(|met| met.bound == Bound::Cut)
    }

    /// # Errors
    /// A bound was met, here or elsewhere in the root call, or it was cut off.
    pub(crate) fn check(&self) -> Result<(), Exceeded> {
        if let Some(met) = self.shared.met.get() {
            return Err(*met);
        }
        if self.shared.cut.is_cancelled() {
            return Err(self.exceed(Bound::Cut));
        }
        if self.cells.have_ended() {
            // A caller from elsewhere goes on.
            return Err(Exceeded { bound: Bound::Removed, limits: self.shared.limits });
        }
        match self.shared.ends {
            Some(ends) if Instant::now() >= ends => Err(self.exceed(Bound::Time)),
            _ => Ok(()),
        }
    }

    /// The result of some work that ends when the time is up, or when it is cut off.
    ///
    /// # Errors
    /// A bound was met, here or elsewhere in the root call; or the time is up before the work is done, or it was cut off.
    ///
    /// # Cancel safety
    /// That of the work: when the time is up, it is dropped.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, Exceeded> {
        let cut = async {
            tokio::select! {
                () = self.shared.cut.cancelled() => {}
                () = self.cells.ended() => {}
            }
        };
        // Both at once: the work is done, or has not begun to write.
        tokio::select! {
            done = self.in_time(work) => done,
            () = cut => Err(self.check().err().unwrap_or_else(|| self.exceed(Bound::Cut))),
        }
    }

    /// The same for work that is not cut off once it has begun.
    ///
    /// # Errors and cancel safety
    /// As [`within`](Self::within).
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Exceeded> {
        self.check()?;
        match self.shared.ends {
            Some(ends) => tokio::time::timeout_at(ends, work).await.map_err(|_| self.exceed(Bound::Time)),
            None => Ok(work.await),
        }
    }
}
