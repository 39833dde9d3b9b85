//! How long a delivery may take, and how far it goes.

use std::time::Duration;

use tokio::time::Instant;

use super::options::{CallOptions, CallPolicy};
use crate::deadline::deadline_after;

/// How many links a call may be lost with before it is taken for their cause: a call that kills every link it is sent on
/// must not take all others down until its deadline. It holds for fences too.
pub const MAX_RESUMES: u32 = 32;

/// How long a delivery may take, and how far it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) began: Instant,
    /// It ends here, answered or not.
    pub(crate) deadline: Instant,
    /// No sending begins after this.
    pub(crate) send_by: Instant,
    /// Whether the same bytes are sent on the next link when one ends under them.
    pub(crate) resumes: bool,
    /// Whether a cell that starts is waited for.
    pub(crate) waits_for_start: bool,
}

impl Course {
    /// The course of a call whose options leave the deadline to `default`.
    pub(crate) fn of(options: &CallOptions, default: Duration) -> Self {
        let send_by = deadline_after(options.resume_for.unwrap_or(Duration::MAX));
        let resumes = options.policy == CallPolicy::Resume;
        Self { send_by, resumes, ..Self::until(deadline_after(options.deadline.unwrap_or(default))) }
    }

    /// One that goes on until its deadline.
    pub(crate) fn until(deadline: Instant) -> Self {
        let began = Instant::now();
        Self { began, deadline, send_by: deadline_after(Duration::MAX), resumes: true, waits_for_start: true }
    }

    /// One sending.
    pub(crate) fn once(deadline: Instant) -> Self {
        Self { resumes: false, waits_for_start: false, ..Self::until(deadline) }
    }
}
