//! From the task that reads the socket to the handler.

use ham_session::{Inbox, Incoming as Delivered, Link, LossySender};

use crate::events;
use crate::handler::{Incoming, Replier};
use crate::protocol::EnvelopeProtocol;

/// The reading side's end of the handler's queue.
#[derive(Debug)]
pub(crate) struct Queue(pub(crate) LossySender<Incoming>);

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
