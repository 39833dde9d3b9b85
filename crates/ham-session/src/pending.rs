//! What is outstanding on one link: a pure table, no socket, no clock, no task.
//!
//! A request is *queued* until the pump takes its frame and *sent* from then on; it leaves the table on its answer, at
//! its deadline, when its caller goes away, or with the link. Sends and replies wait in a queue of their own, so that
//! a full request window never holds back an answer the peer waits for. While the window is open both queues are
//! taken in the order in which their frames were submitted.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::error::{LinkEnd, Phase, RequestError};
use crate::protocol::Frame;

/// Hands a result to the caller that waits for it.
pub(crate) type Waiter<T> = oneshot::Sender<Result<T, RequestError>>;
/// Where that caller waits.
pub(crate) type Answer<T> = oneshot::Receiver<Result<T, RequestError>>;

/// What is outstanding on one link.
#[derive(Debug)]
pub(crate) struct Pending<K, In> {
    max_in_flight: usize,
    max_waiting: usize,
    /// Its keys are ours, the peer can only look them up, so the hash need not withstand chosen keys.
    requests: HashMap<K, Request<In>, RandomState>,
    /// Frames of queued requests, in the order of their serial numbers.
    queue: VecDeque<QueuedRequest<K>>,
    /// Sends and replies that wait for the pump, in the order of their serial numbers.
    sends: VecDeque<QueuedSend>,
    /// Sends that the pump took, until the socket has taken them.
    unflushed: Vec<Notice>,
    next_serial: u64,
    /// No deadline in the table is earlier. Kept as a bound, not exactly: exact upkeep would cost every request a
    /// sorted insertion, while a scan is needed only when this moment comes.
    earliest: Option<Instant>,
}

#[derive(Debug)]
struct Request<In> {
    serial: u64,
    phase: Phase,
    since: Instant,
    deadline: Instant,
    waiter: Waiter<In>,
}

#[derive(Debug)]
struct QueuedRequest<K> {
    serial: u64,
    key: K,
    frame: Frame,
}

#[derive(Debug)]
struct QueuedSend {
    serial: u64,
    frame: Frame,
    notice: Option<Notice>,
}

/// A caller that waits until its send was written.
#[derive(Debug)]
struct Notice {
    since: Instant,
    deadline: Instant,
    waiter: Waiter<()>,
}

impl<K: Eq + Hash + Clone, In> Pending<K, In> {
    pub(crate) fn new(max_in_flight: usize, max_waiting: usize) -> Self {
        Self {
            max_in_flight,
            max_waiting,
            requests: HashMap::default(),
            queue: VecDeque::new(),
            sends: VecDeque::new(),
            unflushed: Vec::new(),
            next_serial: 0,
            earliest: None,
        }
    }

    /// Queues a request. The serial number withdraws it.
    pub(crate) fn request(
        &mut self,
        key: K,
        frame: Frame,
        since: Instant,
        deadline: Instant,
    ) -> Result<(u64, Answer<In>), RequestError> {
        let limit = self.max_in_flight.saturating_add(self.max_waiting);
        let full = self.requests.len() >= limit;
        let serial = self.serial();
        // One look-up for check and insertion: this and the answer are the hot path.
        let Entry::Vacant(place) = self.requests.entry(key) else { return Err(RequestError::DuplicateKey) };
        if full {
            return Err(RequestError::Overloaded { limit });
        }
        let (waiter, answer) = oneshot::channel();
        self.queue.push_back(QueuedRequest { serial, key: place.key().clone(), frame });
        place.insert(Request { serial, phase: Phase::Queued, since, deadline, waiter });
        self.note_deadline(deadline);
        Ok((serial, answer))
    }

    /// Queues a send; its caller hears when it was written.
    pub(crate) fn send(
        &mut self,
        frame: Frame,
        since: Instant,
        deadline: Instant,
    ) -> Result<(u64, Answer<()>), RequestError> {
        self.check_sends()?;
        Ok(self.push_awaited_send(frame, since, deadline))
    }

    /// Queues a frame nobody waits for.
    pub(crate) fn post(&mut self, frame: Frame) -> Result<(), RequestError> {
        self.check_sends()?;
        self.push_send(frame, None);
        Ok(())
    }

    /// Queues a frame of our own (`on_live`), past the bound: there are as many as the protocol lists, once.
    pub(crate) fn post_unbounded(&mut self, frame: Frame) {
        self.push_send(frame, None);
    }

    /// The last of them: the dial hears when it was written.
    pub(crate) fn send_unbounded(&mut self, frame: Frame, since: Instant, deadline: Instant) -> Answer<()> {
        self.push_awaited_send(frame, since, deadline).1
    }

    /// The next frame to write. Its request counts as sent from here on.
    pub(crate) fn take(&mut self) -> Option<Frame> {
        let window_open = self.in_flight() < self.max_in_flight;
        let request = self.queue.front().filter(|_| window_open).map(|queued| queued.serial);
        let send = self.sends.front().map(|queued| queued.serial);
        match (request, send) {
            (None, None) => None,
            (Some(request), Some(send)) if send < request => self.take_send(),
            (None, Some(_)) => self.take_send(),
            (Some(_), _) => self.take_request(),
        }
    }

    /// The socket has taken everything that was taken from here.
    pub(crate) fn flushed(&mut self) {
        for notice in self.unflushed.drain(..) {
            // A caller that went away is not told.
            let _ = notice.waiter.send(Ok(()));
        }
    }

    /// The peer answered the request under `key`: takes it from the table and returns who waits for the answer, for
    /// [`tell`]; `None` if no request was sent under `key`. What was not sent cannot be answered.
    pub(crate) fn claim(&mut self, key: &K) -> Option<Waiter<In>> {
        let (key, request) = self.requests.remove_entry(key)?;
        if request.phase == Phase::Sent {
            return Some(request.waiter);
        }
        self.requests.insert(key, request);
        None
    }

    /// The caller of this request went away.
    pub(crate) fn withdraw(&mut self, key: &K, serial: u64) {
        if self.requests.get(key).is_some_and(|request| request.serial == serial) {
            self.requests.remove(key);
            if let Ok(at) = self.queue.binary_search_by_key(&serial, |queued| queued.serial) {
                self.queue.remove(at);
            }
        }
    }

    /// The caller of this send went away; it is not written unless it was taken already.
    pub(crate) fn withdraw_send(&mut self, serial: u64) {
        if let Ok(at) = self.sends.binary_search_by_key(&serial, |queued| queued.serial) {
            self.sends.remove(at);
        }
    }

    /// Fails everything whose deadline has passed.
    pub(crate) fn expire(&mut self, now: Instant) {
        if self.earliest.is_none_or(|earliest| now < earliest) {
            return;
        }
        let late = self.requests.iter().filter(|(_, r)| r.deadline <= now).map(|(key, r)| (r.serial, key.clone()));
        let mut late: Vec<_> = late.collect();
        late.sort_unstable_by_key(|(serial, _)| *serial);
        for (_, key) in late {
            if let Some(request) = self.requests.remove(&key) {
                let _ = request.waiter.send(Err(timed_out(request.phase, request.since, now)));
            }
        }
        let requests = &self.requests;
        self.queue.retain(|queued| requests.get(&queued.key).is_some_and(|r| r.serial == queued.serial));
        self.sends.retain_mut(|queued| match queued.notice.take_if(|notice| notice.deadline <= now) {
            Some(notice) => {
                let _ = notice.waiter.send(Err(timed_out(Phase::Queued, notice.since, now)));
                false
            }
            None => true,
        });
        for notice in self.unflushed.extract_if(.., |notice| notice.deadline <= now) {
            let _ = notice.waiter.send(Err(timed_out(Phase::Sent, notice.since, now)));
        }
        let notices = self.sends.iter().filter_map(|queued| queued.notice.as_ref()).chain(&self.unflushed);
        let deadlines = self.requests.values().map(|r| r.deadline).chain(notices.map(|n| n.deadline));
        self.earliest = deadlines.min();
    }

    /// The link ended: fails everything.
    pub(crate) fn end(&mut self, end: &Arc<LinkEnd>) {
        let lost = |phase| RequestError::LinkLost { phase, end: Arc::clone(end) };
        self.queue.clear();
        let mut requests: Vec<_> = self.requests.drain().map(|(_, request)| request).collect();
        requests.sort_unstable_by_key(|request| request.serial);
        for request in requests {
            let _ = request.waiter.send(Err(lost(request.phase)));
        }
        for notice in self.sends.drain(..).filter_map(|queued| queued.notice) {
            let _ = notice.waiter.send(Err(lost(Phase::Queued)));
        }
        for notice in self.unflushed.drain(..) {
            let _ = notice.waiter.send(Err(lost(Phase::Sent)));
        }
        self.earliest = None;
    }

    /// Whether a request is outstanding under `key`.
    pub(crate) fn contains(&self, key: &K) -> bool {
        self.requests.contains_key(key)
    }

    /// Requests that are with the peer.
    pub(crate) fn in_flight(&self) -> usize {
        self.requests.len() - self.queue.len()
    }

    /// Whether somebody waits to hear that what was taken is written.
    pub(crate) fn awaits_flush(&self) -> bool {
        !self.unflushed.is_empty()
    }

    /// Whether a request waits for its turn.
    pub(crate) fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Nothing waits and nothing is with the peer.
    pub(crate) fn is_idle(&self) -> bool {
        self.requests.is_empty() && self.sends.is_empty() && self.unflushed.is_empty()
    }

    /// No deadline in the table is earlier than this.
    pub(crate) fn earliest_deadline(&self) -> Option<Instant> {
        self.earliest
    }

    /// When the oldest of the requests that are with the peer was submitted.
    pub(crate) fn oldest_in_flight(&self) -> Option<Instant> {
        self.requests.values().filter(|r| r.phase == Phase::Sent).map(|r| r.since).min()
    }

    fn take_request(&mut self) -> Option<Frame> {
        let QueuedRequest { key, frame, .. } = self.queue.pop_front()?;
        if let Some(request) = self.requests.get_mut(&key) {
            request.phase = Phase::Sent;
        }
        Some(frame)
    }

    fn take_send(&mut self) -> Option<Frame> {
        let QueuedSend { frame, notice, .. } = self.sends.pop_front()?;
        self.unflushed.extend(notice);
        Some(frame)
    }

    fn push_awaited_send(&mut self, frame: Frame, since: Instant, deadline: Instant) -> (u64, Answer<()>) {
        let (waiter, answer) = oneshot::channel();
        let serial = self.push_send(frame, Some(Notice { since, deadline, waiter }));
        self.note_deadline(deadline);
        (serial, answer)
    }

    fn push_send(&mut self, frame: Frame, notice: Option<Notice>) -> u64 {
        let serial = self.serial();
        self.sends.push_back(QueuedSend { serial, frame, notice });
        serial
    }

    fn check_sends(&self) -> Result<(), RequestError> {
        let limit = self.max_waiting.max(1);
        if self.sends.len() < limit { Ok(()) } else { Err(RequestError::Overloaded { limit }) }
    }

    fn serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    fn note_deadline(&mut self, deadline: Instant) {
        self.earliest = Some(self.earliest.map_or(deadline, |earliest| earliest.min(deadline)));
    }
}

/// Hands `body` to `waiter`; gives it back if there is none, or if he does not wait any more. Not under the lock of the
/// table: the waiter can wake up on another thread and need that lock next.
pub(crate) fn tell<In>(waiter: Option<Waiter<In>>, body: In) -> Option<In> {
    match waiter {
        Some(waiter) => waiter.send(Ok(body)).err().and_then(Result::ok),
        None => Some(body),
    }
}

fn timed_out(phase: Phase, since: Instant, now: Instant) -> RequestError {
    RequestError::TimedOut { phase, after: now.saturating_duration_since(since) }
}

#[cfg(test)]
mod tests;
