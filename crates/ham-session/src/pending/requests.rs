//! The requests of a link: those that wait for their turn, and the places with the peer.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use foldhash::fast::RandomState;
use tokio::time::Instant;

use super::Load;
use super::abandoned::Abandoned;
use super::callers::{Caller, Claim, Ended, Waiter};
use crate::error::{Phase, RequestError};
use crate::frame::Frame;

/// The requests of a link.
///
/// A place with the peer is taken when the frame is taken for writing, and freed by the answer or by the end of the link: a caller
/// that stops waiting relieves the peer of nothing, which still has the request. So a peer that stops reading at some number of
/// requests never gets there.
#[derive(Debug)]
pub(super) struct Requests<K, In> {
    places: usize,
    /// Those that a caller waits for. Their keys are ours and the peer can only look them up, so the hash need not withstand chosen keys.
    live: HashMap<K, Request<In>, RandomState>,
    /// Frames of queued requests, in the order of their serial numbers.
    queue: VecDeque<Queued<K>>,
    waiting_bytes: usize,
    /// Those that were sent and that nobody waits for.
    abandoned: Abandoned<K>,
}

#[derive(Debug)]
struct Request<In> {
    caller: Caller,
    phase: Phase,
    waiter: Waiter<In>,
}

impl<In> Request<In> {
    /// When its caller is told that it is late.
    fn ends(&self) -> Instant {
        match self.phase {
            Phase::Queued => self.caller.times.send_by,
            Phase::Sent => self.caller.times.deadline,
        }
    }
}

#[derive(Debug)]
struct Queued<K> {
    serial: u64,
    key: K,
    frame: Frame,
}

impl<K: Eq + Hash + Clone, In> Requests<K, In> {
    pub(super) fn new(places: usize) -> Self {
        Self {
            places,
            live: HashMap::default(),
            queue: VecDeque::new(),
            waiting_bytes: 0,
            abandoned: Abandoned::default(),
        }
    }

    /// Queues a request, unless one is outstanding under `key` or the table is `full`.
    pub(super) fn queue(
        &mut self,
        key: K,
        frame: Frame,
        caller: Caller,
        waiter: Waiter<In>,
        full: Result<(), RequestError>,
    ) -> Result<(), RequestError> {
        let Entry::Vacant(place) = self.live.entry(key) else { return Err(RequestError::DuplicateKey) };
        full?;
        self.waiting_bytes += frame.len();
        self.queue.push_back(Queued { serial: caller.serial, key: place.key().clone(), frame });
        place.insert(Request { caller, phase: Phase::Queued, waiter });
        Ok(())
    }

    /// The serial number of the next request, if a place is free.
    pub(super) fn next(&self) -> Option<u64> {
        let queued = self.queue.front()?;
        (self.in_flight() < self.places).then_some(queued.serial)
    }

    pub(super) fn take(&mut self) -> Option<Frame> {
        let Queued { key, frame, .. } = self.queue.pop_front()?;
        self.waiting_bytes -= frame.len();
        if let Some(request) = self.live.get_mut(&key) {
            request.phase = Phase::Sent;
        }
        Some(frame)
    }

    pub(super) fn claim(&mut self, key: &K) -> Claim<In> {
        if let Some((key, request)) = self.live.remove_entry(key) {
            if request.phase == Phase::Sent {
                return Claim::Waited(request.waiter);
            }
            self.live.insert(key, request);
        }
        if self.abandoned.answered(key) { Claim::Abandoned } else { Claim::Unasked }
    }

    pub(super) fn withdraw(&mut self, key: &K, serial: u64) {
        if self.live.get(key).is_none_or(|request| request.caller.serial != serial) {
            return;
        }
        let Some((key, request)) = self.live.remove_entry(key) else { return };
        match request.phase {
            Phase::Queued => self.unqueue(serial),
            Phase::Sent => self.abandoned.add(key, request.caller.times.since),
        }
    }

    /// Removes those whose time has passed, be it the time to be sent or to be answered. What was sent keeps its place.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Ended<In>> {
        let mut ended = Vec::new();
        for (key, Request { caller, phase, waiter }) in self.live.extract_if(|_, r| r.ends() <= now) {
            if phase == Phase::Sent {
                self.abandoned.add(key, caller.times.since);
            }
            ended.push(Ended::Request(caller, phase, waiter));
        }
        let live = &self.live;
        self.queue.retain(|queued| {
            let waits = live.get(&queued.key).is_some_and(|request| request.caller.serial == queued.serial);
            if !waits {
                self.waiting_bytes -= queued.frame.len();
            }
            waits
        });
        ended
    }

    pub(super) fn end(&mut self) -> Vec<Ended<In>> {
        self.queue.clear();
        self.waiting_bytes = 0;
        self.abandoned = Abandoned::default();
        self.live
            .drain()
            .map(|(_, Request { caller, phase, waiter })| Ended::Request(caller, phase, waiter))
            .collect()
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.live.contains_key(key)
    }

    /// How many places are taken.
    pub(super) fn in_flight(&self) -> usize {
        self.live.len() - self.queue.len() + self.abandoned.count()
    }

    /// How many are with the peer or wait for their turn.
    pub(super) fn outstanding(&self) -> usize {
        self.live.len() + self.abandoned.count()
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(super) fn is_idle(&self) -> bool {
        self.live.is_empty()
    }

    pub(super) fn load(&self) -> Load {
        let sent = self.live.values().filter(|request| request.phase == Phase::Sent);
        let oldest = sent.map(|request| request.caller.times.since).chain(self.abandoned.oldest()).min();
        Load { oldest, stuck: self.abandoned.count() >= self.places }
    }

    pub(super) fn deadlines(&self) -> impl Iterator<Item = Instant> {
        self.live.values().map(Request::ends)
    }

    fn unqueue(&mut self, serial: u64) {
        if let Ok(at) = self.queue.binary_search_by_key(&serial, |queued| queued.serial)
            && let Some(queued) = self.queue.remove(at)
        {
            self.waiting_bytes -= queued.frame.len();
        }
    }
}
