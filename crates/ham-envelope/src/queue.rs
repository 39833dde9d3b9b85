//! What waits for a handler: its bounds, and what happens at them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use ham_persistent::later;
use ham_session::Room;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::{HandlerQueue, WhenFull};
use crate::handler::{ErasedHandler, Incoming};

/// What came and waits for the handler, in the order of arrival.
///
/// It has two bounds. At the first, in items, nothing more is read except what comes before an awaited answer; at the second, in
/// bytes, nothing at all. A request does not count as an item: it must be read to be refused in time. A mutex rather than a channel,
/// because a request that has waited too long is taken out of the middle.
pub(crate) struct Queue {
    bounds: HandlerQueue,
    handler: Arc<dyn ErasedHandler>,
    waiting: Mutex<Waiting>,
    /// Something came, or nothing more will.
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    /// Everything but the losses.
    count: usize,
    /// Those that hold back reading: everything but the losses and the requests that are refused in time.
    items: usize,
    bytes: usize,
    /// No request has waited too long before this. A bound, not an exact value: requests handled in the meantime do not move it.
    late: Option<Instant>,
    /// Links that read on once there is room.
    readers: Vec<Waker>,
    closed: bool,
    abandoned: bool,
}

struct Entry {
    incoming: Incoming,
    bytes: usize,
    /// When a request has waited too long.
    by: Option<Instant>,
}

impl Queue {
    pub(crate) fn new(bounds: HandlerQueue, handler: Arc<dyn ErasedHandler>) -> Self {
        Self { bounds, handler, waiting: Mutex::default(), changed: Notify::new() }
    }

    /// Takes one in. If losing was chosen, what does not fit is answered, if it can be, or counted; returns how many have been lost
    /// since the last one that fitted.
    pub(crate) fn put(&self, incoming: Incoming) -> u64 {
        let bytes = incoming.bytes();
        let mut waiting = self.lock();
        if waiting.abandoned {
            return 0;
        }
        if self.bounds.when_full == WhenFull::Lose && !self.fits(&waiting, bytes) {
            if self.handler.refusal(&incoming).is_some_and(|answer| incoming.post(answer)) {
                return 0;
            }
            return waiting.lose();
        }
        let patience = if incoming.is_request() { self.handler.patience() } else { None };
        let by = patience.map(|patience| later(Instant::now(), patience));
        waiting.late = waiting.late.or(by);
        waiting.count += 1;
        waiting.items += usize::from(by.is_none());
        waiting.bytes += bytes;
        waiting.entries.push_back(Entry { incoming, bytes, by });
        drop(waiting);
        self.changed.notify_one();
        0
    }

    /// Whether to read more; `waker` is woken when there is more room.
    pub(crate) fn room(&self, waker: &Waker) -> Room {
        if self.bounds.when_full == WhenFull::Lose {
            return Room::Free;
        }
        let mut waiting = self.lock();
        let room = match &*waiting {
            Waiting { bytes, .. } if *bytes >= self.bounds.bytes => Room::Full,
            Waiting { items, .. } if *items >= self.bounds.items.get() => Room::Tight,
            _ => return Room::Free,
        };
        if !waiting.readers.iter().any(|reader| reader.will_wake(waker)) {
            waiting.readers.push(waker.clone());
        }
        room
    }

    /// The next one for the handler.
    pub(crate) fn take(&self) -> Option<Incoming> {
        let mut waiting = self.lock();
        let entry = waiting.entries.pop_front()?;
        let readers = self.release(&mut waiting, &entry);
        drop(waiting);
        readers.into_iter().for_each(Waker::wake);
        Some(entry.incoming)
    }

    /// Answers the requests that have waited too long; returns when, at the earliest, the next one has.
    pub(crate) fn refuse_late(&self) -> Option<Instant> {
        let (mut late, mut readers) = (VecDeque::new(), Vec::new());
        let mut waiting = self.lock();
        let now = Instant::now();
        if waiting.late.is_some_and(|by| by <= now) {
            let (out, kept) =
                waiting.entries.drain(..).partition(|entry: &Entry| entry.by.is_some_and(|by| by <= now));
            (late, waiting.entries) = (out, kept);
            for entry in &late {
                readers.extend(self.release(&mut waiting, entry));
            }
            let next = waiting.entries.iter().find_map(|entry| entry.by);
            waiting.late = next.map(|by| by.max(now + GRAIN));
        }
        let next = waiting.late;
        drop(waiting);
        readers.into_iter().for_each(Waker::wake);
        for Entry { incoming, .. } in late {
            if let Some(answer) = self.handler.refusal(&incoming) {
                incoming.post(answer);
            }
        }
        next
    }

    /// Something came, or nothing more will.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Nothing more will come.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Nobody will take anything any more. What waits holds its link through its replier, and the link holds this queue.
    pub(crate) fn abandon(&self) {
        let mut waiting = self.lock();
        waiting.abandoned = true;
        // Dropped without the lock: with its last handle, a link begins to close.
        let left = std::mem::take(&mut waiting.entries);
        drop(waiting);
        drop(left);
    }

    /// Nothing is there, and nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        let waiting = self.lock();
        waiting.closed && waiting.entries.is_empty()
    }

    pub(crate) fn handler(&self) -> &dyn ErasedHandler {
        &*self.handler
    }

    fn fits(&self, waiting: &Waiting, bytes: usize) -> bool {
        let sum = waiting.bytes.saturating_add(bytes);
        waiting.count < self.bounds.items.get() && (waiting.count == 0 || sum <= self.bounds.bytes)
    }

    /// Notes that the entry left; returns the links that may read on. Not before half of the room is free, so that each wake-up is
    /// worth several messages.
    fn release(&self, waiting: &mut Waiting, entry: &Entry) -> Vec<Waker> {
        if matches!(entry.incoming, Incoming::Missed(_)) {
            return Vec::new();
        }
        waiting.count -= 1;
        waiting.items -= usize::from(entry.by.is_none());
        waiting.bytes -= entry.bytes;
        let low = waiting.items <= self.bounds.items.get() / 2 && waiting.bytes <= self.bounds.bytes / 2;
        if low { std::mem::take(&mut waiting.readers) } else { Vec::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Consistent between any two statements that can panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Counts a loss in its place.
    fn lose(&mut self) -> u64 {
        if let Some(Entry { incoming: Incoming::Missed(missed), .. }) = self.entries.back_mut() {
            *missed += 1;
            return *missed;
        }
        // It takes no room: there is never more than one after each item.
        self.entries.push_back(Entry { incoming: Incoming::Missed(1), bytes: 0, by: None });
        1
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (waiting, bytes) = {
            let waiting = self.lock();
            (waiting.entries.len(), waiting.bytes)
        };
        f.debug_struct("Queue").field("waiting", &waiting).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// Requests that are late by less than this are refused together.
const GRAIN: Duration = Duration::from_millis(10);
