//! What may wait for a handler.

use std::num::NonZeroUsize;

/// What may wait for a handler, and what happens when that is exceeded.
///
/// # Defaults
/// - `when_full`: [`WhenFull::HoldBack`]
/// - `items`: [`DEFAULT_HANDLER_QUEUE`] envelopes; `bytes`: [`DEFAULT_HANDLER_QUEUE_BYTES`]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerQueue {
    /// What happens when more comes than fits.
    pub when_full: WhenFull,
    /// How many envelopes may wait. Requests whose handler refuses them [in time](crate::Handler::patience) are not counted.
    pub items: NonZeroUsize,
    /// How many bytes all of them may hold together; the last one may exceed it.
    pub bytes: usize,
}

/// What happens when more comes than the handler's queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Nothing more is read, and the peer has to wait: the wire is the queue, and nothing is lost. While an answer or a pong is
    /// awaited it is read on all the same, so that a handler can ask on its own link: what stands before the answer is taken
    /// in, up to [`bytes`](HandlerQueue::bytes). Beyond those nothing is read before the handler has made room: then also
    /// answers wait, and the peer is not judged by its silence.
    HoldBack,
    /// What does not fit is dropped and counted, and the handler is told in its place ([`Incoming::Missed`](crate::Incoming)).
    /// Requests are answered instead, where the handler has [an answer](crate::Handler::refusal) for that. Nothing is ever held
    /// up.
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

/// A burst that a handler of a millisecond each works off within a second.
pub const DEFAULT_HANDLER_QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// 16 MiB: sixteen of the largest envelopes, or a thousand of 16 KiB.
pub const DEFAULT_HANDLER_QUEUE_BYTES: usize = 16 << 20;
