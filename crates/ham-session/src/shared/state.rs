//! The state of a link, behind its lock: the table, whether the link closes or has ended, and how its pump is woken.

use std::sync::Arc;
use std::task::Waker;

use tokio::time::Instant;

use crate::error::{LinkEnd, Phase, RequestError};
use crate::frame::Frame;
use crate::pending::Pending;
use crate::protocol::Protocol;

/// The state of a link.
pub(super) struct LinkState<P: Protocol> {
    pub(super) pending: Pending<P::Key, P::In>,
    pub(super) closing: bool,
    pub(super) end: Option<Arc<LinkEnd>>,
    pump: Option<Waker>,
    /// The pump has looked at this and must be woken for whatever comes after. That holds whether it found everything or stopped
    /// at the socket's room: besides frames, it must learn of deadlines and of the wish to close.
    parked: bool,
}

/// What the pump got from one look at the state.
pub(crate) struct Work {
    pub(crate) closing: bool,
    /// Someone else ended the link.
    pub(crate) ended: bool,
    /// The room ran out before the frames did.
    pub(crate) more: bool,
    /// A caller waits to hear that what was taken has been written.
    pub(crate) awaits_flush: bool,
    pub(crate) earliest_deadline: Option<Instant>,
}

/// What a closing link still admits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Nothing once it is closing.
    NewRequests,
    /// Replies to the peer's requests, until the close frame.
    Replies,
}

impl<P: Protocol> LinkState<P> {
    pub(super) fn new(pending: Pending<P::Key, P::In>) -> Self {
        Self { pending, closing: false, end: None, pump: None, parked: false }
    }

    /// Whether something new is admitted.
    pub(super) fn admits(&self, admission: Admission) -> Result<(), RequestError> {
        if let Some(end) = &self.end {
            let end = Arc::clone(end);
            return Err(RequestError::LinkLost { phase: Phase::Queued, end });
        }
        if self.closing && admission == Admission::NewRequests {
            return Err(RequestError::Draining);
        }
        Ok(())
    }

    /// Moves up to `room` bytes of frames to `batch`, and at least one frame if `room` is not zero. From then on, the pump must be
    /// woken for everything that is submitted.
    pub(super) fn take(&mut self, waker: &Waker, room: usize, batch: &mut Vec<Frame>) -> Work {
        if self.pending.has_turn() {
            // The pump checks its timer after it has written, and what is late must not be sent.
            self.pending.expire(Instant::now());
        }
        let mut left = room;
        let mut exhausted = false;
        while left > 0 && !exhausted {
            match self.pending.take() {
                Some(frame) => {
                    left = left.saturating_sub(frame.len().max(1));
                    batch.push(frame);
                }
                None => exhausted = true,
            }
        }
        self.parked = true;
        if !self.pump.as_ref().is_some_and(|pump| pump.will_wake(waker)) {
            self.pump = Some(waker.clone());
        }
        Work {
            closing: self.closing,
            ended: self.end.is_some(),
            more: !exhausted,
            awaits_flush: self.pending.awaits_flush(),
            earliest_deadline: self.pending.earliest_deadline(),
        }
    }

    /// The pump, if it is parked: to be woken without the lock, which it needs next.
    pub(super) fn unpark(&mut self) -> Option<Waker> {
        std::mem::take(&mut self.parked).then(|| self.pump.clone()).flatten()
    }

    /// Marks the link as ended and fails everything outstanding. The first cause stays.
    pub(super) fn finish(&mut self, end: LinkEnd) -> Arc<LinkEnd> {
        if let Some(end) = &self.end {
            return Arc::clone(end);
        }
        let end = Arc::new(end);
        self.end = Some(Arc::clone(&end));
        self.pending.end(&end);
        end
    }
}
