//! Which bound was met.

use std::fmt;

use crate::limits::Limits;

/// A root call and all that it started have used up what they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Exceeded {
    pub(super) bound: Bound,
    pub(super) limits: Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// None: the conductor goes back to a snapshot.
    Cut,
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
        if self.bound == Bound::Cut {
            return f.write_str("the call was cut off: the conductor goes back to a snapshot");
        }
        f.write_str("a bound of the call and of all that it started is met: ")?;
        let limits = &self.limits;
        match self.bound {
            Bound::Cut => Ok(()),
            Bound::Fuel => write!(f, "{} instructions (--fuel)", limits.fuel),
            Bound::Memory => write!(f, "{} bytes of memory (--max-memory)", limits.memory),
            Bound::Staged => write!(f, "{} bytes staged (--max-staged-bytes)", limits.staged_bytes),
            Bound::Signals => write!(f, "{} bytes of signals (--max-signal-bytes)", limits.signal_bytes),
            Bound::Log => write!(f, "{} bytes of log (--max-log-bytes)", limits.log_bytes),
            Bound::Time => write!(f, "{:?} (--max-call-time)", limits.time),
            Bound::Calls => write!(f, "{} calls (--max-calls)", limits.calls),
            Bound::Depth => write!(f, "{} calls deep (--max-call-depth)", limits.depth),
        }
    }
}
