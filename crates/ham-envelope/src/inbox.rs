//! From the task that reads the socket to the handler's queue.

use std::task::Waker;

use ham_session::{Inbox, Incoming as Delivered, Link, Room};

use crate::events;
use crate::handler::{Incoming, Replier};
use crate::protocol::EnvelopeProtocol;
use crate::queue::Queue;

impl Inbox<EnvelopeProtocol> for Queue {
    fn deliver(&self, link: &Link<EnvelopeProtocol>, incoming: Delivered<EnvelopeProtocol>) {
        let skipped = |why: String, id| {
            tracing::warn!(event = events::SKIPPED, why);
            Incoming::Skipped { why, id, replier: Replier::new(link) }
        };
        let incoming = match incoming {
            Delivered::Request { body, .. } if body.kind.is_empty() => {
                skipped(body.payload_as().unwrap_or_default(), body.id)
            }
            Delivered::Push(envelope) | Delivered::Request { body: envelope, .. } => {
                Incoming::Envelope { envelope, replier: Replier::new(link) }
            }
            Delivered::Orphan { body, key } => {
                tracing::debug!(event = events::LATE_ANSWER, id = &*key);
                Incoming::LateAnswer(body)
            }
            Delivered::Skipped { why } => skipped(why, None),
        };
        let missed = self.put(incoming);
        if missed > 0 {
            tracing::warn!(event = events::MISSED, missed, "the handler's queue is full");
        }
    }

    fn room(&self, waker: &Waker) -> Room {
        Self::room(self, waker)
    }
}
