//! When what draws on a budget ends: at a bound, at its time, or where it is cut off.

use tokio::time::Instant;

use super::exceeded::Bound;
use super::{Budget, Exceeded};

impl Budget {
    /// Whether what draws on it was cut off: its errors tell nobody anything.
    pub(crate) fn is_cut(&self) -> bool {
        self.purse.cut.is_cancelled() || self.cells.have_ended()
    }

    /// Whether it ended because the conductor goes back, and not at a bound before.
    pub(crate) fn ended_cut(&self) -> bool {
        self.purse.met.get().is_some_and(|met| met.bound == Bound::Cut)
    }

    /// # Errors
    /// A bound was met, here or elsewhere in the root call, or it was cut off.
    pub(crate) fn check(&self) -> Result<(), Exceeded> {
        if let Some(met) = self.purse.met.get() {
            return Err(*met);
        }
        if self.purse.cut.is_cancelled() {
            return Err(self.exceed(Bound::Cut));
        }
        if self.cells.have_ended() {
            // Whoever called from elsewhere goes on.
            return Err(Exceeded { bound: Bound::Removed, limits: self.purse.limits });
        }
        match self.purse.ends {
            Some(ends) if Instant::now() >= ends => Err(self.exceed(Bound::Time)),
            _ => Ok(()),
        }
    }

    /// What some work comes to that ends with the time, or when it is cut off.
    ///
    /// # Errors
    /// A bound was met, here or elsewhere in the root call; or the time is over before the work is, or it was cut off.
    ///
    /// # Cancel safety
    /// That of the work: where the time is over it is dropped.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, Exceeded> {
        let cut = async {
            tokio::select! {
                () = self.purse.cut.cancelled() => {}
                () = self.cells.ended() => {}
            }
        };
        // Both at once: the work is done, or has not begun to write.
        tokio::select! {
            done = self.in_time(work) => done,
            () = cut => Err(self.check().err().unwrap_or_else(|| self.exceed(Bound::Cut))),
        }
    }

    /// The same for what is not cut off once it has begun.
    ///
    /// # Errors and cancel safety
    /// As [`within`](Self::within).
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Exceeded> {
        self.check()?;
        match self.purse.ends {
            Some(ends) => tokio::time::timeout_at(ends, work).await.map_err(|_| self.exceed(Bound::Time)),
            None => Ok(work.await),
        }
    }
}
