//! What a root call may use, together with everything that it starts.

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

/// Made for a root call: one of a client, of a schedule, of an administrator. Everything that it leads to draws on the same budget.
/// This value holds that budget, how many calls led to its holder, and where they run.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    shared: Arc<SharedBudget>,
    depth: u32,
    /// The cells whose end ends whatever draws on this.
    cells: Cells,
    /// For watchers.
    trace: Trace,
}

/// What is left. Once one bound is met, nothing more is given of any.
#[derive(Debug)]
struct SharedBudget {
    limits: Limits,
    /// When its time is over; `None` if that is too far in the future to express.
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
    /// The budget of a root call that begins now.
    pub(crate) fn new(limits: Limits) -> Self {
        Self::cut_by(limits, CancellationToken::new())
    }

    /// The same, and whatever draws on it ends when this is cancelled.
    pub(crate) fn cut_by(limits: Limits, cut: CancellationToken) -> Self {
        let shared = SharedBudget {
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
        Self { shared: Arc::new(shared), depth: 0, cells: Cells::default(), trace: Trace::default() }
    }

    /// The same, and what draws on it is reported as this call's.
    pub(crate) fn with_trace(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// The same, and whatever draws on it also ends with the cell, whose end cancels `ended`. Nothing else of the root call does.
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

    /// The budget of a call that this one waits for.
    ///
    /// # Errors
    /// Too many calls wait for one another.
    pub(crate) fn nested(&self) -> Result<Self, Exceeded> {
        if self.depth >= self.shared.limits.depth {
            return Err(self.exceed(Bound::Depth));
        }
        Ok(Self { depth: self.depth + 1, ..self.clone() })
    }

    /// The budget of something that nothing waits for, wherever it will run.
    pub(crate) fn detached(&self) -> Self {
        Self { depth: 0, cells: Cells::default(), ..self.clone() }
    }

    /// Its holder may run something that nothing waits for: a root call that starts many such things keeps nobody else from the processor.
    pub(crate) async fn aside(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.aside).acquire_owned().await.ok()
    }

    /// Some instructions for a guest, at least this many. The guest gives back what it does not use.
    ///
    /// # Errors
    /// There are not that many, or no time is left.
    pub(crate) fn fuel(&self, least: u64) -> Result<u64, Exceeded> {
        self.check()?;
        let share = |left: u64| {
            let share = (left / SHARES).clamp(SMALLEST_SHARE, LARGEST_SHARE).min(left).max(least);
            (share > 0 && share <= left).then_some(share)
        };
        let update = |left| share(left).map(|share| left - share);
        match self.shared.fuel.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update) {
            Ok(left) => Ok(share(left).unwrap_or_default()),
            Err(_) => Err(self.exceed(Bound::Fuel)),
        }
    }

    pub(crate) fn give_back_fuel(&self, fuel: u64) {
        self.shared.fuel.fetch_add(fuel, Ordering::Relaxed);
    }

    /// Whether a guest may have this many more bytes. If not, the guest is told, which ends nothing.
    pub(crate) fn hold_memory(&self, bytes: u64) -> bool {
        take(&self.shared.memory, bytes)
    }

    pub(crate) fn give_back_memory(&self, bytes: u64) {
        self.shared.memory.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A guest ends because it was told that there is no memory.
    pub(crate) fn out_of_memory(&self) -> Exceeded {
        self.exceed(Bound::Memory)
    }

    /// A record of this many bytes is staged.
    ///
    /// # Errors
    /// It is too much.
    pub(crate) fn stage(&self, bytes: usize) -> Result<(), Exceeded> {
        self.draw(&self.shared.staged, bytes as u64 + RECORD_BYTES, Bound::Staged)
    }

    /// A signal of this many bytes is sent to one receiver.
    ///
    /// # Errors
    /// It is too much.
    pub(crate) fn signal(&self, bytes: usize) -> Result<(), Exceeded> {
        self.draw(&self.shared.signals, bytes as u64 + RECORD_BYTES, Bound::Signals)
    }

    /// This many bytes are logged.
    ///
    /// # Errors
    /// It is too much.
    pub(crate) fn log(&self, bytes: usize) -> Result<(), Exceeded> {
        self.draw(&self.shared.log, bytes as u64, Bound::Log)
    }

    /// A call is made.
    ///
    /// # Errors
    /// It is one too many.
    pub(crate) fn call(&self) -> Result<(), Exceeded> {
        self.draw(&self.shared.calls, 1, Bound::Calls)
    }

    fn draw(&self, left: &AtomicU64, amount: u64, bound: Bound) -> Result<(), Exceeded> {
        self.check()?;
        if take(left, amount) { Ok(()) } else { Err(self.exceed(bound)) }
    }

    /// The first bound that is met is the one that everything ends with.
    fn exceed(&self, bound: Bound) -> Exceeded {
        *self.shared.met.get_or_init(|| Exceeded { bound, limits: self.shared.limits })
    }
}

fn take(left: &AtomicU64, amount: u64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).is_ok()
}

/// A guest gets a part of what is left at a time: some remains for those that run beside it, and the time is checked.
const SHARES: u64 = 64;
/// Enough to begin with: less costs more than it counts.
const SMALLEST_SHARE: u64 = 100_000;
/// A tenth of a second or so, in a release build.
const LARGEST_SHARE: u64 = 50_000_000;

/// How many things that nothing waits for one root call may run at a time.
const ASIDE: usize = 4;

#[cfg(test)]
mod tests;
