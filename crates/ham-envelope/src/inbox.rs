//! The queue between the task that reads the socket and the handler.

use std::sync::atomic::{AtomicU64, Ordering};

use ham_session::{Inbox, Incoming as Received, Link};
use tokio::sync::mpsc;

use crate::events;
use crate::handler::{Incoming, Replier};
use crate::protocol::EnvelopeProtocol;

/// The reading side's end: bounded; what does not fit is counted, and told in its place.
#[derive(Debug)]
pub(crate) struct Queue {
    items: mpsc::Sender<Item>,
    missed: AtomicU64,
}

/// Something for the handler, and how many were lost right before it.
#[derive(Debug)]
pub(crate) struct Item {
    missed: u64,
    incoming: Incoming,
}

/// The handler's end.
#[derive(Debug)]
pub(crate) struct Items {
    receiver: mpsc::Receiver<Item>,
    /// What stands behind a loss that was just told.
    held: Option<Incoming>,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> (Self, Items) {
        let (items, receiver) = mpsc::channel(capacity);
        (Self { items, missed: AtomicU64::new(0) }, Items { receiver, held: None })
    }

    fn put(&self, incoming: Incoming) {
        match self.items.try_reserve() {
            Ok(place) => place.send(Item { missed: self.take_missed(), incoming }),
            Err(_) => {
                let missed = self.missed.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::warn!(event = events::MISSED, missed, "the handler's queue is full");
            }
        }
    }

    fn take_missed(&self) -> u64 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

impl Items {
    /// What comes next. A loss at the end of a burst is told once the queue is empty.
    ///
    /// # Cancel safety
    /// Cancel-safe: nothing is taken before it is returned.
    pub(crate) async fn next(&mut self, queue: &Queue) -> Option<Incoming> {
        if let Some(incoming) = self.held.take() {
            return Some(incoming);
        }
        let item = match self.receiver.try_recv() {
            Ok(item) => item,
            Err(_) => match queue.take_missed() {
                0 => self.receiver.recv().await?,
                missed => return Some(Incoming::Missed(missed)),
            },
        };
        if item.missed == 0 {
            return Some(item.incoming);
        }
        self.held = Some(item.incoming);
        Some(Incoming::Missed(item.missed))
    }
}

impl Inbox<EnvelopeProtocol> for Queue {
    fn deliver(&self, link: &Link<EnvelopeProtocol>, incoming: Received<EnvelopeProtocol>) {
        self.put(match incoming {
            Received::Push(envelope) | Received::Request { body: envelope, .. } => {
                Incoming::Envelope { envelope, replier: Replier::new(link) }
            }
            Received::Orphan { body, key } => {
                tracing::debug!(event = events::LATE_ANSWER, id = key);
                Incoming::LateAnswer(body)
            }
            Received::Skipped { why } => {
                tracing::warn!(event = events::SKIPPED, why);
                Incoming::Skipped { why }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(why: u32) -> Incoming {
        Incoming::Skipped { why: why.to_string() }
    }

    fn shown(incoming: Option<Incoming>) -> String {
        match incoming {
            Some(Incoming::Skipped { why }) => why,
            Some(Incoming::Missed(missed)) => format!("missed {missed}"),
            other => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_loss_is_told_where_it_happened() {
        let (queue, mut items) = Queue::new(2);
        for n in 0..5 {
            queue.put(skipped(n));
        }
        assert_eq!(shown(items.next(&queue).await), "0");
        queue.put(skipped(5));
        for wanted in ["1", "missed 3", "5"] {
            assert_eq!(shown(items.next(&queue).await), wanted);
        }
    }

    #[tokio::test]
    async fn a_loss_at_the_end_is_told_when_the_queue_is_empty() {
        let (queue, mut items) = Queue::new(1);
        queue.put(skipped(0));
        queue.put(skipped(1));
        assert_eq!(shown(items.next(&queue).await), "0");
        assert_eq!(shown(items.next(&queue).await), "missed 1");
    }
}
