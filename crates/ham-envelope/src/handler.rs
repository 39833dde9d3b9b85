//! Takes what does not answer a waiting request.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::later;
use ham_session::Link;
use tokio::time::Instant;

use crate::envelope::Envelope;
use crate::error::RequestError;
use crate::events;
use crate::protocol::EnvelopeProtocol;

/// What arrives unrequested.
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// A message, or a request if it has an id.
    Envelope {
        /// The envelope.
        envelope: Envelope,
        /// Answers it on the link it came on.
        replier: Replier,
    },
    /// An answer that nobody waits for: it came after its request's time-out, after the caller went away, or without a request.
    LateAnswer(Envelope),
    /// This many were lost here, because the handler was too slow for its queue: only if [`WhenFull::Lose`](crate::WhenFull::Lose) was chosen.
    Missed(u64),
    /// A frame arrived that is not an envelope. It is gone.
    Skipped {
        /// What was wrong with it; quotes nothing of it.
        why: String,
        /// Its id, if that much could be read.
        id: Option<String>,
        /// Answers it on the link it came on.
        replier: Replier,
    },
}

impl Incoming {
    /// Whether the peer waits for an answer to it.
    pub(crate) fn is_request(&self) -> bool {
        matches!(self, Self::Envelope { envelope, .. } if envelope.id.is_some())
    }

    /// Sends an answer without waiting; returns whether it is on its way.
    pub(crate) fn post(&self, answer: Envelope) -> bool {
        let Self::Envelope { envelope, replier } = self else { return false };
        let posted = replier.link.try_send(Arc::new(answer));
        if let Err(error) = &posted {
            tracing::debug!(event = events::UNSENT_ANSWER, kind = envelope.kind, %error);
        }
        posted.is_ok()
    }

    /// Roughly what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let held = match self {
            Self::Envelope { envelope, .. } | Self::LateAnswer(envelope) => envelope.held(),
            Self::Missed(_) => 0,
            Self::Skipped { why, id, .. } => why.len() + id.as_ref().map_or(0, String::len),
        };
        size_of::<Self>() + held
    }
}

/// Takes what does not answer a waiting request.
///
/// It is called by [`Client::run`](crate::Client::run) or by [`serve`](crate::serve()), not by the task that reads the socket: a slow
/// handler delays nothing but what waits for it. A function `Fn(Incoming) -> impl Future<Output = ()>` is a handler.
pub trait Handler: Send + Sync + 'static {
    /// Handles one. They come in the order in which they were received, the next one as soon as [`concurrency`](Self::concurrency)
    /// allows. Dropped at its current await when the client stops, or [`drain_timeout`](ham_session::SessionConfig::drain_timeout)
    /// after the server was told to stop.
    fn handle(&self, incoming: Incoming) -> impl Future<Output = ()> + Send;

    /// How many may be handled at a time (on a server: per connection). The default is one.
    fn concurrency(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    /// How long a request may wait for its turn. After that it is answered with [`refusal`](Self::refusal) instead of being handled.
    /// The default is `None`: for ever.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// The answer to a request that is not handled because there is too much to do. The default is `None`.
    fn refusal(&self, request: &Envelope) -> Option<Envelope> {
        let _ = request;
        None
    }
}

impl<F, Fut> Handler for F
where
    F: Fn(Incoming) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    fn handle(&self, incoming: Incoming) -> impl Future<Output = ()> + Send {
        self(incoming)
    }
}

/// A handler whose type is erased.
pub(crate) trait ErasedHandler: Send + Sync + 'static {
    fn handle(&self, incoming: Incoming) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    fn concurrency(&self) -> NonZeroUsize;
    fn patience(&self) -> Option<Duration>;
    /// Only for a request.
    fn refusal(&self, incoming: &Incoming) -> Option<Envelope>;
}

impl<H: Handler> ErasedHandler for H {
    fn handle(&self, incoming: Incoming) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Handler::handle(self, incoming))
    }

    fn concurrency(&self) -> NonZeroUsize {
        Handler::concurrency(self)
    }

    fn patience(&self) -> Option<Duration> {
        Handler::patience(self)
    }

    fn refusal(&self, incoming: &Incoming) -> Option<Envelope> {
        match incoming {
            Incoming::Envelope { envelope, .. } if envelope.id.is_some() => Handler::refusal(self, envelope),
            _ => None,
        }
    }
}

/// Sends on the link on which something came: an answer must not go to another peer. Cheap to clone.
#[derive(Clone)]
pub struct Replier {
    link: Link<EnvelopeProtocol>,
}

impl Replier {
    pub(crate) fn new(link: &Link<EnvelopeProtocol>) -> Self {
        Self { link: link.clone() }
    }

    /// Sends an answer. Resolves once the socket has taken it.
    ///
    /// # Errors
    /// [`RequestError::Session`]: the link has ended, the time is up, too many messages wait, or the envelope is too large or has no kind.
    ///
    /// # Cancel safety
    /// Dropping the future removes the answer unless it was already taken for writing.
    pub async fn reply(&self, answer: Envelope, timeout: Duration) -> Result<(), RequestError> {
        Ok(self.link.send(Arc::new(answer), later(Instant::now(), timeout)).await?)
    }

    /// Sends a request on the same link, and resolves with the envelope that answers it. It is never sent again: once the link is
    /// gone, so is the other side.
    ///
    /// # Errors
    /// [`RequestError::NoId`], and [`RequestError::Session`] as for [`reply`](Self::reply); see [`RequestError::delivery`].
    ///
    /// # Cancel safety
    /// Dropping the future removes the request: if it was not yet taken for writing, it is never sent; otherwise its answer goes to the handler.
    pub async fn request(&self, request: Envelope, timeout: Duration) -> Result<Envelope, RequestError> {
        if request.id.as_deref().unwrap_or_default().is_empty() {
            return Err(RequestError::NoId);
        }
        Ok(self.link.request(Arc::new(request), later(Instant::now(), timeout)).await?)
    }
}

impl fmt::Debug for Replier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Replier").field(&self.link.id()).finish()
    }
}
