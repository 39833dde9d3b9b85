//! What waits for a handler: its bounds, and its way from the task that reads the socket.

use std::num::NonZeroUsize;

use ham_session::{Inbox, Incoming as Delivered, Link, LossyReceiver, LossySender, lossy_queue};

use crate::events;
use crate::handler::{Incoming, Replier};
use crate::protocol::EnvelopeProtocol;

/// What may wait for a handler.
///
/// # Defaults
/// - `items`: [`DEFAULT_HANDLER_QUEUE`] envelopes; `bytes`: [`DEFAULT_HANDLER_QUEUE_BYTES`]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerQueue {
    /// How many envelopes may wait.
    pub items: NonZeroUsize,
    /// How many bytes they may hold; one envelope may be larger.
    pub bytes: usize,
}

impl Default for HandlerQueue {
    fn default() -> Self {
        Self { items: DEFAULT_HANDLER_QUEUE, bytes: DEFAULT_HANDLER_QUEUE_BYTES }
    }
}

impl HandlerQueue {
    /// Sets [`items`](Self::items).
    #[must_use]
    pub fn with_items(mut self, items: NonZeroUsize) -> Self {
        self.items = items;
        self
    }

    /// Sets [`bytes`](Self::bytes).
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    pub(crate) fn open(self) -> (Queue, LossyReceiver<Incoming>) {
        let (sender, items) = lossy_queue(self.items.get(), self.bytes);
        (Queue(sender), items)
    }
}

/// The reading side's end of the handler's queue.
#[derive(Debug)]
pub(crate) struct Queue(LossySender<Incoming>);

impl Inbox<EnvelopeProtocol> for Queue {
    fn deliver(&self, link: &Link<EnvelopeProtocol>, incoming: Delivered<EnvelopeProtocol>) {
        let incoming = match incoming {
            Delivered::Push(envelope) | Delivered::Request { body: envelope, .. } => {
                Incoming::Envelope { envelope, replier: Replier::new(link) }
            }
            Delivered::Orphan { body, key } => {
                tracing::debug!(event = events::LATE_ANSWER, id = &*key);
                Incoming::LateAnswer(body)
            }
            Delivered::Skipped { why } => {
                tracing::warn!(event = events::SKIPPED, why);
                Incoming::Skipped { why }
            }
        };
        let bytes = incoming.bytes();
        let missed = self.0.put(incoming, bytes);
        if missed > 0 {
            tracing::warn!(event = events::MISSED, missed, "the handler's queue is full");
        }
    }
}

/// A burst that a handler of a millisecond each works off within a second.
pub const DEFAULT_HANDLER_QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// 16 MiB: sixteen of the largest envelopes, or a thousand of 16 KiB.
pub const DEFAULT_HANDLER_QUEUE_BYTES: usize = 16 << 20;
