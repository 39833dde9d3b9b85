//! A bounded queue that never blocks its sender and tells its receiver what it lost, in its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

/// The sending end; see [`lossy_queue`].
#[derive(Clone, Debug)]
pub struct LossySender<T> {
    items: mpsc::Sender<Entry<T>>,
    missed: Arc<AtomicU64>,
}

/// The receiving end; see [`lossy_queue`].
#[derive(Debug)]
pub struct LossyReceiver<T> {
    items: mpsc::Receiver<Entry<T>>,
    missed: Arc<AtomicU64>,
    /// What stands behind a loss that was just told.
    held: Option<T>,
}

/// What comes out of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<T> {
    /// An item.
    Item(T),
    /// This many were lost here, because the queue was full.
    Missed(u64),
}

/// An item, and how many were lost right before it.
#[derive(Debug)]
struct Entry<T> {
    missed: u64,
    item: T,
}

/// A queue of at most `capacity` items (zero counts as one). What does not fit is dropped and counted; the receiver gets
/// the count in the place of what was lost. For the task that reads a socket, which must not wait for a slow reader.
#[must_use]
pub fn lossy_queue<T>(capacity: usize) -> (LossySender<T>, LossyReceiver<T>) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    let missed = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&missed);
    (LossySender { items: sender, missed }, LossyReceiver { items: receiver, missed: told, held: None })
}

impl<T> LossySender<T> {
    /// Puts an item in, if there is room. Answers how many have been lost since the last one that fitted; 0 is none.
    pub fn put(&self, item: T) -> u64 {
        match self.items.try_reserve() {
            Ok(place) => {
                place.send(Entry { missed: taken(&self.missed), item });
                0
            }
            Err(_) => self.missed.fetch_add(1, Ordering::Relaxed) + 1,
        }
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
        if let Some(item) = self.held.take() {
            return Some(Received::Item(item));
        }
        match self.items.try_recv() {
            Ok(entry) => Some(self.told(entry)),
            Err(_) => match taken(&self.missed) {
                0 => None,
                missed => Some(Received::Missed(missed)),
            },
        }
    }

    /// The loss before an item first, then the item.
    fn told(&mut self, entry: Entry<T>) -> Received<T> {
        if entry.missed == 0 {
            return Received::Item(entry.item);
        }
        self.held = Some(entry.item);
        Received::Missed(entry.missed)
    }
}

/// Losses are rare, and a swap that changes nothing would still take the memory away from the other end's processor.
fn taken(missed: &AtomicU64) -> u64 {
    if missed.load(Ordering::Relaxed) == 0 { 0 } else { missed.swap(0, Ordering::Relaxed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loss_is_told_where_it_happened() {
        let (sender, mut receiver) = lossy_queue(2);
        let lost: Vec<u64> = (0..5).map(|n| sender.put(n)).collect();
        assert_eq!(lost, [0, 0, 1, 2, 3]);
        assert_eq!(receiver.next().await, Some(Received::Item(0)));
        sender.put(5);
        for wanted in [Received::Item(1), Received::Missed(3), Received::Item(5)] {
            assert_eq!(receiver.next().await, Some(wanted));
        }
    }

    #[tokio::test]
    async fn a_loss_at_the_end_is_told_when_the_queue_is_empty_and_then_it_ends() {
        let (sender, mut receiver) = lossy_queue(0);
        sender.put(0);
        sender.put(1);
        drop(sender);
        assert_eq!(receiver.next().await, Some(Received::Item(0)));
        assert_eq!(receiver.next().await, Some(Received::Missed(1)));
        assert_eq!(receiver.next().await, None);
    }

    #[test]
    fn what_is_there_can_be_taken_without_waiting_and_the_losses_with_it() {
        let (sender, mut receiver) = lossy_queue(1);
        assert_eq!(receiver.try_next(), None);
        sender.put(0);
        sender.put(1);
        assert_eq!(receiver.try_next(), Some(Received::Item(0)));
        sender.put(2);
        let rest: Vec<_> = std::iter::from_fn(|| receiver.try_next()).collect();
        assert_eq!(rest, [Received::Missed(1), Received::Item(2)]);
    }
}
