//! What a root call may use, with everything that it starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::observe::Trace;
use crate::wasm::Limits;

/// Made for a root call: one of a client, of a schedule, of an administrator. Each call that it leads to has one of its own
/// made of it; whatever else a call starts (`init`, validation, `post_commit`) draws on that of the call. A copy is the same
/// budget.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    limits: Limits,
    /// How many calls led here.
    depth: usize,
    /// Whether a call was refused here, or in one that started here.
    exceeded: Arc<AtomicBool>,
    /// For whoever watches.
    trace: Trace,
}

impl Budget {
    /// That of a root call.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, depth: 0, exceeded: Arc::default(), trace: Trace::default() }
    }

    /// The same, with what it draws told as this call's.
    pub(crate) fn with_trace(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What each function may use.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether another call waits for what draws on this.
    pub(crate) fn is_nested(&self) -> bool {
        self.depth > 0
    }

    /// That of a call that this one makes.
    ///
    /// # Errors
    /// [`TooDeep`], which [`is_exceeded`](Self::is_exceeded) remembers.
    pub(crate) fn nested(&self) -> Result<Self, TooDeep> {
        if self.depth >= MAX_CALL_DEPTH {
            self.exceed();
            return Err(TooDeep);
        }
        let (depth, trace) = (self.depth + 1, self.trace.clone());
        Ok(Self { limits: self.limits, depth, exceeded: Arc::default(), trace })
    }

    /// Remembers that a call was refused in one that started here.
    pub(crate) fn exceed(&self) {
        self.exceeded.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }
}

/// Too many calls lead to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_CALL_DEPTH} calls deep")]
pub(crate) struct TooDeep;

/// How many zome calls may lead to one another.
const MAX_CALL_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_lead_to_one_another_down_to_a_depth() {
        let root = Budget::new(Limits { fuel: 1, memory: 1 });
        assert!(!root.is_nested());
        let mut innermost = root.clone();
        for _ in 0..MAX_CALL_DEPTH {
            innermost = innermost.nested().unwrap();
            assert!(innermost.is_nested());
        }
        assert!(!innermost.is_exceeded());
        assert_eq!(innermost.nested().unwrap_err(), TooDeep);
        assert!(innermost.is_exceeded() && !root.is_exceeded());
    }
}
