//! Waiting for a link, or for the outcome of an attempt.

use std::sync::Arc;

use crate::connector::Connector;
use crate::error::{AttemptError, Closed};
use crate::handle::Persistent;
use crate::shared::Links;

impl<C: Connector> Persistent<C> {
    /// Resolves to the first available link from now on: at once to the current one if there is one. A link that came and went before
    /// this future was polled is skipped.
    ///
    /// # Errors
    /// [`Closed`] once the connection is closed, before or during the wait.
    ///
    /// # Cancel safety
    /// Cancel-safe: it only watches.
    pub async fn connected(&self) -> Result<C::Connection, Closed> {
        loop {
            let turned = self.turned();
            // Close first: after it, no link is handed out.
            if let Some(cause) = self.shared().mailbox.close_cause() {
                return Err(Closed { cause });
            }
            if let Some(link) = self.current_connection() {
                return Ok(link);
            }
            turned.await;
        }
    }

    /// Resolves at once if there is a link, else when the current attempt, or the next one, has ended. Every failed attempt counts,
    /// even one too similar to the last to be an event. A link that came and went before this future was polled is skipped.
    ///
    /// # Errors
    /// [`AttemptError::FailedToConnect`] with that attempt's error; [`AttemptError::Closed`] once the connection is closed.
    ///
    /// # Cancel safety
    /// Cancel-safe: it only watches.
    pub async fn connected_or_failed_to_connect(&self) -> Result<C::Connection, AttemptError<C::Error>> {
        let seen = self.shared().links.borrow().outcomes;
        self.found(|links| match (&links.current, &links.failure) {
            // After close, no link is handed out.
            (Some(link), _) if !self.is_closed() => Some(Ok(link.clone())),
            (None, Some(error)) if links.outcomes != seen => Some(Err(Arc::clone(error))),
            _ => None,
        })
        .await
    }

    /// Whether the first attempt succeeded, for connections that its failure closes. What became of its link is another question.
    pub(crate) async fn first_outcome(&self) -> Result<(), AttemptError<C::Error>> {
        self.found(|links| match &links.failure {
            _ if links.had_link => Some(Ok(())),
            Some(error) => Some(Err(Arc::clone(error))),
            None => None,
        })
        .await
    }

    /// What `look` finds, as soon as it finds something. A failure that also closed the connection is reported as the failure.
    async fn found<T>(
        &self,
        look: impl Fn(&Links<C>) -> Option<Result<T, Arc<C::Error>>>,
    ) -> Result<T, AttemptError<C::Error>> {
        loop {
            let turned = self.turned();
            // Read before the look: the outcome of an attempt that closed the connection is then found.
            let closed = self.shared().mailbox.close_cause();
            if let Some(found) = look(&self.shared().links.borrow()) {
                return found.map_err(AttemptError::FailedToConnect);
            }
            if let Some(cause) = closed {
                return Err(Closed { cause }.into());
            }
            turned.await;
        }
    }
}
