//! What is outstanding on one link: a pure table, no socket, no clock, no task.
//!
//! A request is *queued* until the pump takes its frame and *sent* from then on; its caller hears of its answer, at its deadline, or
//! with the link's end. Sends and replies wait in a queue of their own, so that a full request window never holds back an answer that
//! the peer waits for. While the window is open, frames are taken from both queues in the order in which they were submitted.
//!
//! Callers that end together are told in the order of their serial numbers, so those that try again do so in the order in which they first asked.

mod abandoned;
mod bounds;
mod callers;
mod requests;
mod sends;

use std::hash::Hash;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::error::{LinkEnd, RequestError};
use crate::frame::Frame;
use callers::{Caller, tell_all};
use requests::Requests;
use sends::Sends;

pub(crate) use bounds::{Bounds, Load};
pub(crate) use callers::{Answer, Claim, Times, tell};

/// What is outstanding on one link.
#[derive(Debug)]
pub(crate) struct Pending<K, In> {
    bounds: Bounds,
    requests: Requests<K, In>,
    sends: Sends,
    next_serial: u64,
    /// No deadline in the table is earlier. A bound, not an exact value: exact upkeep would cost every request a sorted insertion,
    /// while a scan is needed only when this moment comes.
    earliest: Option<Instant>,
}

impl<K: Eq + Hash + Clone, In> Pending<K, In> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            requests: Requests::new(bounds.in_flight),
            sends: Sends::default(),
            next_serial: 0,
            earliest: None,
        }
    }

    /// Queues a request. Its serial number is used to withdraw it.
    pub(crate) fn request(
        &mut self,
        key: K,
        frame: Frame,
        times: Times,
    ) -> Result<(u64, Answer<In>), RequestError> {
        let full = self.check_places().and_then(|()| self.check_bytes(frame.len()));
        let (waiter, answer) = oneshot::channel();
        let caller = self.caller(times);
        // One look-up for check and insertion: this and the answer are the hot path.
        self.requests.queue(key, frame, caller, waiter, full)?;
        self.note_deadline(times.send_by);
        Ok((caller.serial, answer))
    }

    /// Queues a send; its caller hears when it has been written.
    pub(crate) fn send(
        &mut self,
        frame: Frame,
        since: Instant,
        deadline: Instant,
    ) -> Result<(u64, Answer<()>), RequestError> {
        self.check_sends(frame.len())?;
        Ok(self.push_awaited_send(frame, since, deadline))
    }

    /// Queues a frame that nobody waits for.
    pub(crate) fn post(&mut self, frame: Frame) -> Result<(), RequestError> {
        self.check_sends(frame.len())?;
        self.post_unbounded(frame);
        Ok(())
    }

    /// Queues a frame of our own (`on_live`), past the bound: there are as many as the protocol lists, once.
    pub(crate) fn post_unbounded(&mut self, frame: Frame) {
        let serial = self.serial();
        self.sends.push(serial, frame, None);
    }

    /// The last of them: the dial hears when it has been written.
    pub(crate) fn send_unbounded(&mut self, frame: Frame, since: Instant, deadline: Instant) -> Answer<()> {
        self.push_awaited_send(frame, since, deadline).1
    }

    /// The next frame to write. Its request counts as sent from here on.
    pub(crate) fn take(&mut self) -> Option<Frame> {
        match (self.requests.next(), self.sends.next()) {
            (None, None) => None,
            (Some(request), Some(send)) if send < request => self.sends.take(),
            (None, Some(_)) => self.sends.take(),
            (Some(_), _) => self.requests.take(),
        }
    }

    /// Whether a request is next to be taken.
    pub(crate) fn has_turn(&self) -> bool {
        self.requests.next().is_some()
    }

    /// The socket has taken everything that was handed out here.
    pub(crate) fn flushed(&mut self) {
        self.sends.flushed();
    }

    /// The peer answered the request under `key`: removes it from the table and frees its place. A request that was not sent cannot be answered.
    pub(crate) fn claim(&mut self, key: &K) -> Claim<In> {
        self.requests.claim(key)
    }

    /// The caller of this request went away.
    pub(crate) fn withdraw(&mut self, key: &K, serial: u64) {
        self.requests.withdraw(key, serial);
    }

    /// The caller of this send went away; it is not written unless it was already taken.
    pub(crate) fn withdraw_send(&mut self, serial: u64) {
        self.sends.withdraw(serial);
    }

    /// Fails everything whose deadline has passed.
    pub(crate) fn expire(&mut self, now: Instant) {
        if self.earliest.is_none_or(|earliest| now < earliest) {
            return;
        }
        let mut ended = self.requests.expire(now);
        self.sends.expire(now, &mut ended);
        tell_all(ended, |caller, phase| RequestError::TimedOut {
            phase,
            after: now.saturating_duration_since(caller.times.since),
        });
        self.earliest = self.requests.deadlines().chain(self.sends.deadlines()).min();
    }

    /// The link ended: fails everything.
    pub(crate) fn end(&mut self, end: &Arc<LinkEnd>) {
        let mut ended = self.requests.end();
        self.sends.end(&mut ended);
        tell_all(ended, |_, phase| RequestError::LinkLost { phase, end: Arc::clone(end) });
        self.earliest = None;
    }

    /// Whether a caller waits for an answer under `key`.
    pub(crate) fn contains(&self, key: &K) -> bool {
        self.requests.contains(key)
    }

    /// Requests that are with the peer, including those that nobody waits for.
    pub(crate) fn in_flight(&self) -> usize {
        self.requests.in_flight()
    }

    /// Requests that are with the peer or wait for their turn.
    pub(crate) fn outstanding(&self) -> usize {
        self.requests.outstanding()
    }

    /// Whether a caller waits to hear that what was taken has been written.
    pub(crate) fn awaits_flush(&self) -> bool {
        self.sends.awaits_flush()
    }

    /// Nobody waits for anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.requests.is_idle() && self.sends.is_idle()
    }

    /// No deadline in the table is earlier than this.
    pub(crate) fn earliest_deadline(&self) -> Option<Instant> {
        self.earliest
    }

    /// How the requests stand.
    pub(crate) fn load(&self) -> Load {
        self.requests.load()
    }

    fn push_awaited_send(&mut self, frame: Frame, since: Instant, deadline: Instant) -> (u64, Answer<()>) {
        let (waiter, answer) = oneshot::channel();
        let caller = self.caller(Times { since, send_by: deadline, deadline });
        self.sends.push(caller.serial, frame, Some((caller, waiter)));
        self.note_deadline(deadline);
        (caller.serial, answer)
    }

    fn check_places(&self) -> Result<(), RequestError> {
        let limit = self.bounds.in_flight.saturating_add(self.bounds.waiting);
        if self.requests.outstanding() < limit { Ok(()) } else { Err(RequestError::Overloaded { limit }) }
    }

    fn check_sends(&self, size: usize) -> Result<(), RequestError> {
        let limit = self.bounds.waiting.max(1);
        if self.sends.waiting() < limit {
            self.check_bytes(size)
        } else {
            Err(RequestError::Overloaded { limit })
        }
    }

    /// If nothing else waits, any frame may, so that none is too large for ever.
    fn check_bytes(&self, size: usize) -> Result<(), RequestError> {
        let (waiting, limit) = (self.waiting_bytes(), self.bounds.waiting_bytes);
        if waiting == 0 || waiting.saturating_add(size) <= limit {
            Ok(())
        } else {
            Err(RequestError::OverloadedBytes { limit })
        }
    }

    fn waiting_bytes(&self) -> usize {
        self.requests.waiting_bytes() + self.sends.waiting_bytes()
    }

    fn caller(&mut self, times: Times) -> Caller {
        Caller { serial: self.serial(), times }
    }

    fn serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    fn note_deadline(&mut self, deadline: Instant) {
        self.earliest = Some(self.earliest.map_or(deadline, |earliest| earliest.min(deadline)));
    }
}

#[cfg(test)]
mod tests;
