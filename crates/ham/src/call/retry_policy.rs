//! How long a delivery may take, and after what it sends again.

use std::time::Duration;

use tokio::time::Instant;

use super::options::{CallOptions, CallPolicy};
use crate::deadline::deadline_after;

/// How many links may end under a call before the call is taken to be the cause: one that kills every link it is sent on must not
/// take all the others down until its deadline. The same limit holds for fences.
pub const MAX_RESUMES: u32 = 32;

/// How long a delivery may take, and after what it sends again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    pub(crate) began: Instant,
    /// When it ends, answered or not.
    pub(crate) deadline: Instant,
    /// No send begins after this.
    pub(crate) send_by: Instant,
    /// Whether the same bytes are sent on the next link if one ends under them.
    pub(crate) resumes: bool,
    /// Whether to wait for a cell that is starting.
    pub(crate) waits_for_start: bool,
}

impl RetryPolicy {
    /// The policy for a call; `default` is the deadline if the call's options give none.
    pub(crate) fn of(options: &CallOptions, default: Duration) -> Self {
        let send_by = deadline_after(options.resume_for.unwrap_or(Duration::MAX));
        let resumes = options.policy == CallPolicy::Resume;
        Self { send_by, resumes, ..Self::until(deadline_after(options.deadline.unwrap_or(default))) }
    }

    /// Sends again until the deadline.
    pub(crate) fn until(deadline: Instant) -> Self {
        let began = Instant::now();
        Self { began, deadline, send_by: deadline_after(Duration::MAX), resumes: true, waits_for_start: true }
    }

    /// A single send.
    pub(crate) fn once(deadline: Instant) -> Self {
        Self { resumes: false, waits_for_start: false, ..Self::until(deadline) }
    }
}
