//! Answers requests by their kind.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::time::Duration;

use serde_json::json;

use crate::envelope::Envelope;
use crate::events;
use crate::handler::{ErasedHandler, Handler, Incoming, Replier};

type AnswerFuture = Pin<Box<dyn Future<Output = Result<Envelope, String>> + Send>>;

/// A handler that answers requests by their kind: the responder's side.
///
/// A route gets the envelope and returns its answer, or a text that says why there is none; the text is sent as an envelope of
/// the kind [`ERROR_KIND`] with the payload `{"message": …}`. The router adds which request the answer is for, and sends it on
/// the link that the request came on. Up to [`concurrency`](Self::with_concurrency) routes run at a time, so answers can overtake
/// each other. A message without an id is also handed to its route, and the result is dropped.
///
/// A request is answered in time or with the message [`OVERLOADED`]: it waits for its turn no longer than its
/// [patience](Self::with_patience).
///
/// A message without a route goes to the [fallback](Self::fallback); without one it is logged and not answered.
#[derive(Default)]
pub struct Router {
    routes: HashMap<String, Box<dyn Fn(Envelope) -> AnswerFuture + Send + Sync>>,
    fallback: Option<Box<dyn ErasedHandler>>,
    concurrency: Option<NonZeroUsize>,
    patience: Option<Duration>,
}

impl Router {
    /// A router without routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers requests of `kind` with `route`; a second route for a kind replaces the first.
    #[must_use]
    pub fn on<F, Fut, E>(mut self, kind: impl Into<String>, route: F) -> Self
    where
        F: Fn(Envelope) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Envelope, E>> + Send + 'static,
        E: fmt::Display,
    {
        let route = move |envelope| -> AnswerFuture {
            let answering = route(envelope);
            Box::pin(async move { answering.await.map_err(|why| why.to_string()) })
        };
        self.routes.insert(kind.into(), Box::new(route));
        self
    }

    /// Handles everything that has no route, including late answers and losses.
    #[must_use]
    pub fn fallback(mut self, handler: impl Handler) -> Self {
        self.fallback = Some(Box::new(handler));
        self
    }

    /// How many requests may be handled at a time: [`DEFAULT_ROUTER_CONCURRENCY`] by default.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: NonZeroUsize) -> Self {
        self.concurrency = Some(concurrency);
        self
    }

    /// How long a request may wait for its turn: [`DEFAULT_ROUTER_PATIENCE`] by default. After that it is answered with
    /// [`OVERLOADED`] and not handled: its sender can ask another responder, or gives up soon.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    async fn unrouted(&self, incoming: Incoming) {
        match (&self.fallback, &incoming) {
            (Some(fallback), _) => fallback.handle(incoming).await,
            (None, Incoming::Envelope { envelope, .. }) => {
                tracing::warn!(event = events::UNKNOWN_KIND, kind = loggable(&envelope.kind));
            }
            // The others are logged where they happen.
            (None, _) => {}
        }
    }
}

impl Handler for Router {
    async fn handle(&self, incoming: Incoming) {
        let Incoming::Envelope { envelope, replier } = incoming else { return self.unrouted(incoming).await };
        match self.routes.get(&envelope.kind) {
            Some(route) => answer(&envelope, &replier, route(envelope.clone())).await,
            None => self.unrouted(Incoming::Envelope { envelope, replier }).await,
        }
    }

    fn concurrency(&self) -> NonZeroUsize {
        self.concurrency.unwrap_or(DEFAULT_ROUTER_CONCURRENCY)
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.patience.unwrap_or(DEFAULT_ROUTER_PATIENCE))
    }

    fn refusal(&self, request: &Envelope) -> Option<Envelope> {
        Some(failure(request, OVERLOADED))
    }
}

async fn answer(request: &Envelope, replier: &Replier, answering: AnswerFuture) {
    let answered = answering.await;
    if request.id.is_none() {
        return;
    }
    let answer = match answered {
        Ok(answer) => Envelope { in_reply_to: request.id.clone(), ..answer },
        Err(why) => failure(request, &why),
    };
    if let Err(error) = replier.reply(answer, REPLY_TIMEOUT).await {
        tracing::warn!(event = events::UNSENT_ANSWER, kind = request.kind, %error);
    }
}

/// A kind is whatever its sender wrote: if it is not a name, it is not logged.
fn loggable(kind: &str) -> &str {
    if kind.len() <= LONGEST && ham_session::masked(kind) == kind { kind } else { "…" }
}

/// Bytes of a kind in a log line.
const LONGEST: usize = 64;

fn failure(request: &Envelope, why: &str) -> Envelope {
    let error = request.reply(ERROR_KIND);
    error.clone().with_payload(json!({ "message": why })).unwrap_or(error)
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<&String> = self.routes.keys().collect();
        kinds.sort();
        f.debug_struct("Router")
            .field("kinds", &kinds)
            .field("fallback", &self.fallback.is_some())
            .finish_non_exhaustive()
    }
}

/// The kind of a [`Router`]'s answer to a request that failed.
pub const ERROR_KIND: &str = "error";

/// A [`Router`]'s message about a request that it did not get to in time.
pub const OVERLOADED: &str = "overloaded";

/// Half of what callers usually wait, so that the refusal reaches them in time.
pub const DEFAULT_ROUTER_PATIENCE: Duration = Duration::from_secs(5);

/// A few slow requests do not delay the others; a flood of them waits in the queue.
pub const DEFAULT_ROUTER_CONCURRENCY: NonZeroUsize = NonZeroUsize::new(16).expect("16 is not zero");

/// How long an answer may wait for the socket: as long as a dead peer goes unnoticed, so the link reports it sooner.
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: whatever was in the place of an unknown kind was logged, even a key.
    #[test]
    fn a_kind_that_is_no_name_is_not_logged() {
        for kind in [
            "zome.call",
            "v2/zome.call",
            "subscribe.signals.of-all-the-chains-that-there-are",
            "OrderPlacedInTheShop2026",
        ] {
            assert_eq!(loggable(kind), kind);
        }
        for other in
            ["ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8", "user:hush@shop", &"x".repeat(65)]
        {
            assert_eq!(loggable(other), "…");
        }
    }
}
