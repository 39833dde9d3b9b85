//! A bounded queue that never blocks its sender and tells its receiver, in place, what it lost.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;

/// The sending end; see [`lossy_queue`].
#[derive(Debug)]
pub struct LossySender<T>(Arc<Shared<T>>);

/// The receiving end; see [`lossy_queue`].
#[derive(Debug)]
pub struct LossyReceiver<T> {
    shared: Arc<Shared<T>>,
    /// What comes after a loss that was just reported.
    held: Option<Entry<T>>,
}

/// What comes out of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<T> {
    /// An item.
    Item(T),
    /// This many items were lost here, because the queue was full.
    Missed(u64),
}

/// An item, its size, and how many were lost right before it.
#[derive(Debug)]
struct Entry<T> {
    missed: u64,
    bytes: usize,
    item: T,
}

/// All of it lies together: a server with thousands of queues puts one message into each, and the cost of that is fetching each queue's memory.
#[derive(Debug)]
struct Shared<T>(Mutex<Queue<T>>);

#[derive(Debug)]
struct Queue<T> {
    waiting: VecDeque<Entry<T>>,
    /// The total size of what waits and of what the receiver holds.
    bytes: usize,
    /// How many were lost since the last item that fitted.
    missed: u64,
    /// The receiver's waker, while it waits.
    waker: Option<Waker>,
    senders: usize,
    is_received: bool,
    max_items: usize,
    max_bytes: usize,
}

/// A queue of at most `max_items` items (zero counts as one) and `max_bytes` bytes. A larger item is taken if the queue is empty.
/// What does not fit is dropped and counted; the receiver gets the count in place of what was lost. For the task that reads a socket,
/// which must not wait for a slow reader.
#[must_use]
pub fn lossy_queue<T>(max_items: usize, max_bytes: usize) -> (LossySender<T>, LossyReceiver<T>) {
    let queue = Queue {
        waiting: VecDeque::new(),
        bytes: 0,
        missed: 0,
        waker: None,
        senders: 1,
        is_received: true,
        max_items: max_items.max(1),
        max_bytes,
    };
    let shared = Arc::new(Shared(Mutex::new(queue)));
    (LossySender(Arc::clone(&shared)), LossyReceiver { shared, held: None })
}

impl<T> LossySender<T> {
    /// Adds an item of this many bytes, if there is room. Returns how many have been lost since the last one that fitted; 0 if none.
    pub fn put(&self, item: T, bytes: usize) -> u64 {
        let mut queue = self.0.queue();
        let Some(sum) = queue.with(bytes) else {
            queue.missed += 1;
            return queue.missed;
        };
        queue.bytes = sum;
        let missed = std::mem::take(&mut queue.missed);
        queue.waiting.push_back(Entry { missed, bytes, item });
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        0
    }

    /// Whether the receiver is gone: whatever is added is lost.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.0.queue().is_received
    }
}

impl<T> Clone for LossySender<T> {
    fn clone(&self) -> Self {
        self.0.queue().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for LossySender<T> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.senders -= 1;
        let waker = if queue.senders == 0 { queue.waker.take() } else { None };
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> LossyReceiver<T> {
    /// What comes next; `None` once the queue is empty and its senders are gone. A loss at the end of a burst is reported when the queue is empty.
    ///
    /// # Cancel safety
    /// Cancel-safe: nothing is taken before it is returned.
    pub async fn next(&mut self) -> Option<Received<T>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received<T>>> {
        self.take(Some(cx)).map_or(Poll::Ready(None), |received| received.map(Some))
    }

    /// What is already there; `None` if the queue is empty. For taking many at a time.
    pub fn try_next(&mut self) -> Option<Received<T>> {
        match self.take(None) {
            Some(Poll::Ready(received)) => Some(received),
            Some(Poll::Pending) | None => None,
        }
    }

    /// What comes next, and who waits for it if nothing is there; `None` if nothing will come any more.
    fn take(&mut self, waits: Option<&mut Context<'_>>) -> Option<Poll<Received<T>>> {
        let mut queue = self.shared.queue();
        let next = match self.held.take() {
            Some(held) => Some(held),
            None => queue.waiting.pop_front(),
        };
        let received = match next {
            // The loss before the item comes first, then the item.
            Some(mut entry) if entry.missed != 0 => {
                let missed = std::mem::take(&mut entry.missed);
                self.held = Some(entry);
                Received::Missed(missed)
            }
            Some(entry) => {
                queue.bytes -= entry.bytes;
                if queue.waiting.is_empty() && queue.waiting.capacity() > MOST_SPARE {
                    queue.waiting = VecDeque::new();
                }
                Received::Item(entry.item)
            }
            None if queue.missed != 0 => Received::Missed(std::mem::take(&mut queue.missed)),
            None if queue.senders == 0 => return None,
            None => {
                if let Some(cx) = waits {
                    queue.wake(cx);
                }
                return Some(Poll::Pending);
            }
        };
        Some(Poll::Ready(received))
    }
}

impl<T> Drop for LossyReceiver<T> {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.is_received = false;
        let unread = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(unread);
    }
}

/// As [`next`](LossyReceiver::next).
impl<T> Stream for LossyReceiver<T> {
    type Item = Received<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Received<T>>> {
        self.get_mut().poll(cx)
    }
}

/// No item is pinned.
impl<T> Unpin for LossyReceiver<T> {}

impl<T> Shared<T> {
    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Queue<T> {
    /// The bytes that would wait with another item, if it fits.
    fn with(&self, bytes: usize) -> Option<usize> {
        let sum = self.bytes.checked_add(bytes)?;
        let fits = self.bytes == 0 || sum <= self.max_bytes;
        (self.is_received && self.waiting.len() < self.max_items && fits).then_some(sum)
    }

    fn wake(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }
}

/// How many places an empty queue keeps.
const MOST_SPARE: usize = 32;

#[cfg(test)]
mod tests;
