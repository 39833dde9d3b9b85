//! A bounded queue that never blocks its sender and tells its receiver what it lost, in its place.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::{Semaphore, mpsc};

/// The sending end; see [`lossy_queue`].
#[derive(Clone, Debug)]
pub struct LossySender<T> {
    items: mpsc::Sender<Entry<T>>,
    tally: Arc<Tally>,
}

/// The receiving end; see [`lossy_queue`].
#[derive(Debug)]
pub struct LossyReceiver<T> {
    items: mpsc::Receiver<Entry<T>>,
    tally: Arc<Tally>,
    /// What stands behind a loss that was just told.
    held: Option<Entry<T>>,
}

/// What comes out of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<T> {
    /// An item.
    Item(T),
    /// This many were lost here, because the queue was full.
    Missed(u64),
}

/// An item, its size, and how many were lost right before it.
#[derive(Debug)]
struct Entry<T> {
    missed: u64,
    bytes: usize,
    item: T,
}

/// What both ends know.
#[derive(Debug)]
struct Tally {
    missed: AtomicU64,
    /// The sizes of what waits.
    bytes: AtomicUsize,
    max_bytes: usize,
}

/// A queue of at most `max_items` items (zero counts as one, more than tokio's channels can bound as the most they can) and `max_bytes` bytes. An item larger than that is taken when
/// the queue is empty. What does not fit is dropped and counted; the receiver gets the count in the place of what was lost.
/// For the task that reads a socket, which must not wait for a slow reader.
#[must_use]
pub fn lossy_queue<T>(max_items: usize, max_bytes: usize) -> (LossySender<T>, LossyReceiver<T>) {
    let (sender, receiver) = mpsc::channel(max_items.clamp(1, Semaphore::MAX_PERMITS));
    let tally = Arc::new(Tally { missed: AtomicU64::new(0), bytes: AtomicUsize::new(0), max_bytes });
    (
        LossySender { items: sender, tally: Arc::clone(&tally) },
        LossyReceiver { items: receiver, tally, held: None },
    )
}

impl<T> LossySender<T> {
    /// Puts an item of so many bytes in, if there is room. Answers how many have been lost since the last one that fitted;
    /// 0 is none.
    pub fn put(&self, item: T, bytes: usize) -> u64 {
        match self.items.try_reserve() {
            Ok(place) if self.tally.admits(bytes) => {
                place.send(Entry { missed: self.tally.taken(), bytes, item });
                0
            }
            Ok(_) | Err(_) => self.tally.missed.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }

    /// Whether the receiver is gone: whatever is put in is lost.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.items.is_closed()
    }
}

impl<T> LossyReceiver<T> {
    /// What comes next; `None` once it is empty and its senders are gone. A loss at the end of a burst is told when the
    /// queue is empty.
    ///
    /// # Cancel safety
    /// Cancel-safe: nothing is taken before it is returned.
    pub async fn next(&mut self) -> Option<Received<T>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received<T>>> {
        match self.try_next() {
            Some(received) => Poll::Ready(Some(received)),
            None => self.items.poll_recv(cx).map(|entry| entry.map(|entry| self.told(entry))),
        }
    }

    /// What is there already; `None` when the queue is empty. For taking many at a time.
    pub fn try_next(&mut self) -> Option<Received<T>> {
        if let Some(entry) = self.held.take() {
            return Some(self.told(entry));
        }
        match self.items.try_recv() {
            Ok(entry) => Some(self.told(entry)),
            Err(_) => match self.tally.taken() {
                0 => None,
                missed => Some(Received::Missed(missed)),
            },
        }
    }

    /// The loss before an item first, then the item.
    fn told(&mut self, mut entry: Entry<T>) -> Received<T> {
        match std::mem::take(&mut entry.missed) {
            0 => {
                self.tally.bytes.fetch_sub(entry.bytes, Ordering::Relaxed);
                Received::Item(entry.item)
            }
            missed => {
                self.held = Some(entry);
                Received::Missed(missed)
            }
        }
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

impl Tally {
    /// Counts these bytes in, if they fit.
    fn admits(&self, bytes: usize) -> bool {
        let with = |held: usize| {
            let sum = held.checked_add(bytes)?;
            (held == 0 || sum <= self.max_bytes).then_some(sum)
        };
        self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with).is_ok()
    }

    /// Losses are rare, and a swap that changes nothing would still take the memory away from the other end's processor.
    fn taken(&self) -> u64 {
        if self.missed.load(Ordering::Relaxed) == 0 { 0 } else { self.missed.swap(0, Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests;
