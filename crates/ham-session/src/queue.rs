//! A bounded queue that never blocks its sender and tells its receiver what it lost, in its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

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
        match self.try_next() {
            Some(received) => Some(received),
            None => self.items.recv().await.map(|entry| self.told(entry)),
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
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loss_is_told_where_it_happened() {
        let (sender, mut receiver) = lossy_queue(2, 100);
        let lost: Vec<u64> = (0..5).map(|n| sender.put(n, 1)).collect();
        assert_eq!(lost, [0, 0, 1, 2, 3]);
        assert_eq!(receiver.next().await, Some(Received::Item(0)));
        sender.put(5, 1);
        for wanted in [Received::Item(1), Received::Missed(3), Received::Item(5)] {
            assert_eq!(receiver.next().await, Some(wanted));
        }
    }

    #[tokio::test]
    async fn a_loss_at_the_end_is_told_when_the_queue_is_empty_and_then_it_ends() {
        let (sender, mut receiver) = lossy_queue(0, 0);
        sender.put(0, 1);
        sender.put(1, 1);
        drop(sender);
        assert_eq!(receiver.next().await, Some(Received::Item(0)));
        assert_eq!(receiver.next().await, Some(Received::Missed(1)));
        assert_eq!(receiver.next().await, None);
    }

    #[test]
    fn what_is_there_can_be_taken_without_waiting_and_the_losses_with_it() {
        let (sender, mut receiver) = lossy_queue(1, 100);
        assert_eq!(receiver.try_next(), None);
        sender.put(0, 1);
        sender.put(1, 1);
        assert_eq!(receiver.try_next(), Some(Received::Item(0)));
        sender.put(2, 1);
        let rest: Vec<_> = std::iter::from_fn(|| receiver.try_next()).collect();
        assert_eq!(rest, [Received::Missed(1), Received::Item(2)]);
    }

    /// 1,024 items of 64 MiB each were within its bound.
    #[tokio::test]
    async fn bytes_are_bounded_and_what_does_not_fit_is_told_in_its_place() {
        let (sender, mut receiver) = lossy_queue(100, 10);
        let lost =
            [("a", 4), ("b", 6), ("c", 1), ("d", usize::MAX)].map(|(item, bytes)| sender.put(item, bytes));
        assert_eq!(lost, [0, 0, 1, 2]);
        assert_eq!(receiver.next().await, Some(Received::Item("a")));
        // There is room for it, though not for all that was lost before.
        assert_eq!((sender.put("e", 4), sender.put("f", 1)), (0, 1));
        for wanted in [Received::Item("b"), Received::Missed(2), Received::Item("e"), Received::Missed(1)] {
            assert_eq!(receiver.next().await, Some(wanted));
        }
        assert_eq!(receiver.tally.bytes.load(Ordering::Relaxed), 0);
    }

    /// A bound of `usize::MAX` panicked.
    #[test]
    fn no_bound_is_too_large() {
        let (sender, mut receiver) = lossy_queue(usize::MAX, usize::MAX);
        assert_eq!((sender.put("first", usize::MAX), sender.put("second", 1)), (0, 1));
        assert_eq!(receiver.try_next(), Some(Received::Item("first")));
    }

    #[tokio::test]
    async fn an_item_over_the_bound_is_taken_alone() {
        let (sender, mut receiver) = lossy_queue(100, 10);
        assert_eq!((sender.put("large", 11), sender.put("small", 1)), (0, 1));
        assert_eq!(receiver.next().await, Some(Received::Item("large")));
        assert_eq!(receiver.next().await, Some(Received::Missed(1)));
        assert_eq!((sender.put("small", 1), sender.put("large", 11)), (0, 1));
        assert!(!sender.is_closed());
        drop(receiver);
        assert!(sender.is_closed());
    }

    /// Many senders and a reader: the bytes that wait never exceed the bound, and nothing is lost untold.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_put_in_is_either_received_or_told() {
        const EACH: u64 = 2000;
        let (sender, mut receiver) = lossy_queue(8, 64);
        let putting = (0..4).map(|from| {
            let sender = sender.clone();
            tokio::task::spawn_blocking(move || {
                for n in 0..EACH {
                    let bytes = usize::try_from((n + from) % 40).expect("small");
                    sender.put(bytes, bytes);
                }
            })
        });
        let putting: Vec<_> = putting.collect();
        drop(sender);
        let (mut items, mut missed) = (0, 0);
        while let Some(received) = receiver.next().await {
            match received {
                Received::Item(bytes) => {
                    assert!(bytes < 40 && receiver.tally.bytes.load(Ordering::Relaxed) <= 64);
                    items += 1;
                }
                Received::Missed(lost) => missed += lost,
            }
        }
        for done in putting {
            done.await.expect("no sender panics");
        }
        assert_eq!(items + missed, 4 * EACH);
    }
}
