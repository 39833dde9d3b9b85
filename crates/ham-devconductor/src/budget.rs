//! What a root call may use, with everything that it starts.

mod cells;
mod ending;
mod exceeded;
mod held;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use cells::Cells;
use exceeded::Bound;
pub(crate) use exceeded::Exceeded;
pub(crate) use held::Held;

use crate::limits::{Limits, RECORD_BYTES};
use crate::observe::Trace;

/// Made for a root call: one of a client, of a schedule, of an administrator. All that it leads to draws on the same purse. What is
/// given here is the purse, how many calls led to who holds it, and where they run.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    purse: Arc<Purse>,
    depth: u32,
    /// The cells whose end is the end of what draws on this.
    cells: Cells,
    /// For whoever watches.
    trace: Trace,
}

/// What is left. Where one bound is met nothing more is given of any.
#[derive(Debug)]
struct Purse {
    limits: Limits,
    /// When its time is over; `None` in a future that cannot be told.
    ends: Option<Instant>,
    /// Cancelled when the conductor goes back to a snapshot.
    cut: CancellationToken,
    fuel: AtomicU64,
    memory: AtomicU64,
    staged: AtomicU64,
    signals: AtomicU64,
    log: AtomicU64,
    calls: AtomicU64,
    met: OnceLock<Exceeded>,
    aside: Arc<Semaphore>,
}

impl Budget {
    /// That of a root call that begins now.
    pub(crate) fn new(limits: Limits) -> Self {
        Self::cut_by(limits, CancellationToken::new())
    }

    /// The same, and whatever draws on it ends when this is cancelled.
    pub(crate) fn cut_by(limits: Limits, cut: CancellationToken) -> Self {
        let purse = Purse {
            cut,
            ends: Instant::now().checked_add(limits.time),
            fuel: limits.fuel.get().into(),
            memory: limits.memory.into(),
            staged: limits.staged_bytes.into(),
            signals: limits.signal_bytes.into(),
            log: limits.log_bytes.into(),
            calls: limits.calls.into(),
            met: OnceLock::new(),
            aside: Arc::new(Semaphore::new(ASIDE)),
            limits,
        };
        Self { purse: Arc::new(purse), depth: 0, cells: Cells::default(), trace: Trace::default() }
    }

    /// The same, with what it draws told as this call's.
    pub(crate) fn with_trace(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// The same, and whatever draws on it ends with the cell too that this is cancelled with. Nothing else of the root call does.
    pub(crate) fn in_cell(&self, ended: CancellationToken) -> Self {
        Self { cells: self.cells.and(ended), ..self.clone() }
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Whether another call waits for what draws on this.
    pub(crate) fn is_nested(&self) -> bool {
        self.depth > 0
    }

    /// That of a call that this one waits for.
    ///
    /// # Errors
    /// Too many wait for it.
    pub(crate) fn nested(&self) -> Result<Self, Exceeded> {
        if self.depth >= self.purse.limits.depth {
            return Err(self.exceed(Bound::Depth));
        }
        Ok(Self { depth: self.depth + 1, ..self.clone() })
    }

    /// That of something that nothing waits for, wherever it will run.
    pub(crate) fn detached(&self) -> Self {
        Self { depth: 0, cells: Cells::default(), ..self.clone() }
    }

    /// Whoever holds it may run something that nothing waits for: a root call that starts many such things keeps nobody else
    /// from the processor.
    pub(crate) async fn aside(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.purse.aside).acquire_owned().await.ok()
    }

    /// Some instructions for a guest, at least this many. It gives back what it does not use.
    ///
    /// # Errors
    /// There are not so many, or no time is left.
    pub(crate) fn fuel(&self, least: u64) -> Result<u64, Exceeded> {
        self.check()?;
        let share = |left: u64| {
            let share = (left / SHARES).clamp(SMALLEST_SHARE, LARGEST_SHARE).min(left).max(least);
            (share > 0 && share <= left).then_some(share)
        };
        let update = |left| share(left).map(|share| left - share);
        match self.purse.fuel.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update) {
            Ok(left) => Ok(share(left).unwrap_or_default()),
            Err(_) => Err(self.exceed(Bound::Fuel)),
        }
    }

    pub(crate) fn give_back_fuel(&self, fuel: u64) {
        self.purse.fuel.fetch_add(fuel, Ordering::Relaxed);
    }

    /// Whether a guest may have so many bytes more. It is told if not, which ends nothing.
    pub(crate) fn hold_memory(&self, bytes: u64) -> bool {
        take(&self.purse.memory, bytes)
    }

    pub(crate) fn give_back_memory(&self, bytes: u64) {
        self.purse.memory.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A guest ends because it was told that there is no memory.
    pub(crate) fn out_of_memory(&self) -> Exceeded {
        self.exceed(Bound::Memory)
    }

    /// A record of so many bytes is staged.
    ///
    /// # Errors
    /// It is too much.
    pub(crate) fn stage(&self, bytes: usize) -> Result<(), Exceeded> {
        self.draw(&self.purse.staged, bytes as u64 + RECORD_BYTES, Bound::Staged)
    }

    /// A signal of so many bytes is sent to one receiver.
    ///
    /// # Errors
    /// It is too much.
    pub(crate) fn signal(&self, bytes: usize) -> Result<(), Exceeded> {
        self.draw(&self.purse.signals, bytes as u64 + RECORD_BYTES, Bound::Signals)
    }

    /// So many bytes are logged.
    ///
    /// # Errors
    /// It is too much.
    pub(crate) fn log(&self, bytes: usize) -> Result<(), Exceeded> {
        self.draw(&self.purse.log, bytes as u64, Bound::Log)
    }

    /// A call is made.
    ///
    /// # Errors
    /// It is one too many.
    pub(crate) fn call(&self) -> Result<(), Exceeded> {
        self.draw(&self.purse.calls, 1, Bound::Calls)
    }

    fn draw(&self, left: &AtomicU64, amount: u64, bound: Bound) -> Result<(), Exceeded> {
        self.check()?;
        if take(left, amount) { Ok(()) } else { Err(self.exceed(bound)) }
    }

    /// The first bound that is met is the one that everything ends with.
    fn exceed(&self, bound: Bound) -> Exceeded {
        *self.purse.met.get_or_init(|| Exceeded { bound, limits: self.purse.limits })
    }
}

fn take(left: &AtomicU64, amount: u64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).is_ok()
}

/// A guest is given a part of what is left at a time: there is some for those that run beside it, and the time is looked at.
const SHARES: u64 = 64;
/// Enough to begin with: less costs more than it counts.
const SMALLEST_SHARE: u64 = 100_000;
/// A tenth of a second or so, in a release build.
const LARGEST_SHARE: u64 = 50_000_000;

/// Things that nothing waits for, of one root call, at a time.
const ASIDE: usize = 4;

#[cfg(test)]
mod tests;
