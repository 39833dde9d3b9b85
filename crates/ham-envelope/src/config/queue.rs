//! What may wait for a handler.

use std::num::NonZeroUsize;

/// What may wait for a handler, and what happens beyond that.
///
/// # Defaults
/// - `when_full`: [`WhenFull::HoldBack`]
/// - `items`: [`DEFAULT_HANDLER_QUEUE`] envelopes; `bytes`: [`DEFAULT_HANDLER_QUEUE_BYTES`]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerQueue {
    /// What happens when more comes than fits.
    pub when_full: WhenFull,
    /// How many envelopes may wait. Requests that their handler refuses [in time](crate::Handler::patience) are not counted.
    pub items: NonZeroUsize,
    /// How many bytes they may hold together; the last one may exceed that.
    pub bytes: usize,
}

/// What happens when more arrives than the handler's queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Nothing more is read, and the peer has to wait: the wire is the queue, and nothing is lost. While an answer or a pong is
    /// awaited, reading goes on all the same, so that a handler can send requests on its own link: whatever comes before the answer
    /// is taken in, up to [`bytes`](HandlerQueue::bytes). Beyond that, nothing is read until the handler has made room: then answers
    /// wait too, and the peer is not judged by its silence.
    HoldBack,
    /// What does not fit is dropped and counted, and the handler is told in its place ([`Incoming::Missed`](crate::Incoming)).
    /// Requests are answered instead, if the handler has [an answer](crate::Handler::refusal) for that. Nothing is ever held up.
    Lose,
}

impl Default for HandlerQueue {
    fn default() -> Self {
        Self {
            when_full: WhenFull::HoldBack,
            items: DEFAULT_HANDLER_QUEUE,
            bytes: DEFAULT_HANDLER_QUEUE_BYTES,
        }
    }
}

impl HandlerQueue {
    /// Sets [`when_full`](Self::when_full).
    #[must_use]
    pub fn with_when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

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
}

/// A burst that a handler which takes a millisecond per item works off within a second.
pub const DEFAULT_HANDLER_QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// 16 MiB: sixteen of the largest envelopes, or a thousand of 16 KiB.
pub const DEFAULT_HANDLER_QUEUE_BYTES: usize = 16 << 20;
