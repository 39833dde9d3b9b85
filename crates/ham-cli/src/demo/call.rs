//! A call to make: what it does, how it is made, and how much time it has.

use std::time::Duration;

use ham::CallPolicy;

use super::options::CALL_DEADLINE;
use super::probe::Kind;

/// One call to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) way: Way,
    pub(super) deadline: Duration,
}

impl Call {
    /// A call that outlives restarts.
    pub(super) fn patient(kind: Kind) -> Self {
        Self { kind, way: Way::Called(CallPolicy::Resume), deadline: CALL_DEADLINE }
    }
}

/// How often a call that may run more than once is signed again.
pub(super) const REPEATS: u32 = 2;

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Called under this policy.
    Called(CallPolicy),
    /// Signed and sent; fenced unless it is answered.
    Fenced,
    /// Signed and fenced, and never sent: the first fence is dropped under way, the second one runs to its end.
    FencedUnsent,
    /// Signed once, and sent by two tasks, one of which has little time.
    TwoSenders,
    /// Signed, written to disk and sent; the service dies meanwhile, and the next process reads it back and sends it again.
    Resumed,
    /// The same, but the next process fences it.
    ResumedByFence,
}

impl Way {
    /// The repeated call.
    pub(super) const REPEATED: Self = Self::Called(CallPolicy::Repeat { times: REPEATS });

    /// How often a call that is made this way may run.
    pub(super) fn may_run(self) -> u32 {
        match self {
            Self::Called(CallPolicy::Repeat { times }) => times + 1,
            Self::FencedUnsent => 0,
            _ => 1,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Called(CallPolicy::FailFast) => "called, failing fast",
            Self::Called(CallPolicy::Repeat { .. }) => "called, repeated",
            Self::Called(_) => "called, resumed",
            Self::Fenced => "prepared, fenced unless answered",
            Self::FencedUnsent => "prepared, fenced unsent",
            Self::TwoSenders => "prepared, two senders",
            Self::Resumed => "journalled, sent after a crash",
            Self::ResumedByFence => "journalled, fenced after a crash",
        }
    }
}
