//! Which bound was met.

use std::fmt;

use crate::limits::Limits;

/// A root call and everything that it started have used up what they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Exceeded {
    pub(super) bound: Bound,
    pub(super) limits: Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// No bound: the conductor reverts to a snapshot.
    Cut,
    /// No bound: the cell that it runs in, or one that waits for it, is removed.
    Removed,
    Fuel,
    Memory,
    Staged,
    Signals,
    Log,
    Time,
    Calls,
    Depth,
}

/// Names the bound, its value, and the flag that sets it.
impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = &self.limits;
        let met = "the call, with all that it started, reached a limit";
        match self.bound {
            Bound::Cut => f.write_str("the call was cut off: the conductor goes back to a snapshot"),
            Bound::Removed => f.write_str(
                "the call was cut off: its cell, or the cell of a call that waits for it, was removed",
            ),
            Bound::Fuel => write!(f, "{met}: {} instructions (--fuel)", limits.fuel),
            Bound::Memory => write!(f, "{met}: {} bytes of memory (--max-memory)", limits.memory),
            Bound::Staged => write!(f, "{met}: {} bytes staged (--max-staged-bytes)", limits.staged_bytes),
            Bound::Signals => {
                write!(f, "{met}: {} bytes of signals (--max-signal-bytes)", limits.signal_bytes)
            }
            Bound::Log => write!(f, "{met}: {} bytes of log (--max-log-bytes)", limits.log_bytes),
            Bound::Time => write!(f, "{met}: {:?} (--max-call-time)", limits.time),
            Bound::Calls => write!(f, "{met}: {} calls (--max-calls)", limits.calls),
            Bound::Depth => write!(f, "{met}: {} calls deep (--max-call-depth)", limits.depth),
        }
    }
}
