//! A queue that every listener reads at its own pace: bounded in items and in bytes, and lossy with a count.
//!
//! Not `tokio::sync::broadcast`, which is bounded in items only: a thousand signals may take a thousand times the size of the largest.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The sending end. Dropping it ends the queue after the items that are in it.
#[derive(Debug)]
pub(crate) struct Sender<T>(Arc<Shared<T>>);

/// The receiving end, from some time on.
#[derive(Debug)]
pub(crate) struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The number of the next item.
    next: u64,
}

#[derive(Debug)]
struct Shared<T> {
    queue: Mutex<Queue<T>>,
    changed: Notify,
}

#[derive(Debug)]
struct Queue<T> {
    items: VecDeque<Item<T>>,
    /// The number of the first of them.
    first: u64,
    bytes: usize,
    receivers: usize,
    is_closed: bool,
    bounds: Bounds,
}

#[derive(Debug)]
struct Item<T> {
    value: Arc<T>,
    bytes: usize,
    /// How many receivers have yet to read it.
    unread: usize,
}

/// How much may wait for slow receivers. The newest item waits however large it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

impl<T> Sender<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let queue =
            Queue { items: VecDeque::new(), first: 0, bytes: 0, receivers: 0, is_closed: false, bounds };
        Self(Arc::new(Shared { queue: Mutex::new(queue), changed: Notify::new() }))
    }

    /// What is sent from now on.
    pub(crate) fn subscribe(&self) -> Receiver<T> {
        let mut queue = self.0.queue();
        queue.receivers += 1;
        Receiver { shared: Arc::clone(&self.0), next: queue.end() }
    }

    pub(crate) fn has_receivers(&self) -> bool {
        self.0.queue().receivers > 0
    }

    /// Sends an item of roughly this many bytes. If there is too much, the oldest goes.
    pub(crate) fn send(&self, value: T, bytes: usize) {
        let mut queue = self.0.queue();
        if queue.receivers == 0 {
            return;
        }
        let unread = queue.receivers;
        queue.items.push_back(Item { value: Arc::new(value), bytes, unread });
        queue.bytes = queue.bytes.saturating_add(bytes);
        while queue.is_full() {
            queue.drop_first();
        }
        drop(queue);
        self.0.changed.notify_waiters();
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.queue().is_closed = true;
        self.0.changed.notify_waiters();
    }
}

impl<T> Receiver<T> {
    /// The next item, or how many were missed, in which case the oldest one still there is next; `None` once nothing comes any more.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn recv(&mut self) -> Option<Result<Arc<T>, u64>> {
        let shared = Arc::clone(&self.shared);
        loop {
            let mut changed = pin!(shared.changed.notified());
            // From here on, nothing that is sent goes unnoticed.
            changed.as_mut().enable();
            if let Some(next) = self.try_recv() {
                return next;
            }
            changed.await;
        }
    }

    /// `None` if there is nothing yet.
    fn try_recv(&mut self) -> Option<Option<Result<Arc<T>, u64>>> {
        let mut queue = self.shared.queue();
        if let Some(missed) = queue.first.checked_sub(self.next).filter(|missed| *missed > 0) {
            self.next = queue.first;
            return Some(Some(Err(missed)));
        }
        match queue.read(self.next) {
            Some(value) => {
                self.next += 1;
                Some(Some(Ok(value)))
            }
            None => queue.is_closed.then_some(None),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.receivers -= 1;
        for unread in self.next.max(queue.first)..queue.end() {
            queue.read(unread);
        }
    }
}

impl<T> Shared<T> {
    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Queue<T> {
    /// The number of the next that is sent.
    fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    fn is_full(&self) -> bool {
        let Bounds { items, bytes } = self.bounds;
        self.items.len() > items || (self.bytes > bytes && self.items.len() > 1)
    }

    fn drop_first(&mut self) {
        if let Some(item) = self.items.pop_front() {
            self.first += 1;
            self.bytes = self.bytes.saturating_sub(item.bytes);
        }
    }

    /// Reads an item once; an item that all have read is removed.
    fn read(&mut self, number: u64) -> Option<Arc<T>> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let item = self.items.get_mut(place)?;
        item.unread = item.unread.saturating_sub(1);
        let value = Arc::clone(&item.value);
        while self.items.front().is_some_and(|item| item.unread == 0) {
            self.drop_first();
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests;
