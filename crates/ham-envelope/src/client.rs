//! The handle.

use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{State, later};
use ham_session::{Link, RequestError as LinkError, live_link};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bus::{Bus, Events};
use crate::config::{Config, ConfigError};
use crate::envelope::Envelope;
use crate::error::{RequestError, RunError};
use crate::handler::Handler;
use crate::protocol::EnvelopeProtocol;
use crate::queue::Queue;
use crate::run;
use crate::shared::Shared;

/// A client of one endpoint: a cheap handle, clone it freely. It is connected while [`run`](Self::run) runs.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// A client that does nothing yet.
    ///
    /// # Errors
    /// When a setting cannot work.
    pub fn new(config: Config, handler: impl Handler) -> Result<Self, ConfigError> {
        config.endpoint.check()?;
        let queue = Arc::new(Queue::new(config.queue, Arc::new(handler)));
        let events = Bus::new(config.event_capacity);
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                queue,
                running: Mutex::new(()),
                connection: watch::Sender::new(None),
                events,
            }),
        })
    }

    /// Keeps the client connected and feeds the handler, until `cancel` is cancelled; then it lets outstanding requests
    /// finish for [`drain_timeout`](ham_session::SessionConfig::drain_timeout), closes the link, and resolves with `Ok`.
    ///
    /// After a failed dial it waits, twice as long each time, within the configured bounds; when a link that lasted drops
    /// ([`ResetRule`](ham_persistent::ResetRule)), it dials again at once and starts over with the shortest pause. A link that did
    /// not last counts as a failed dial. The client can be run again afterwards.
    ///
    /// # Errors
    /// - [`RunError::AlreadyRunning`];
    /// - [`RunError::FirstDial`], only if it is [required](ham_session::FirstDial);
    /// - [`RunError::Ended`]: the runtime was shut down, or the token provider panicked.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection, without draining; the handler's work is dropped at its current await. The client can be run again.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), RunError> {
        run::run(&self.shared, cancel).await
    }

    /// Sends a message that expects no answer. Waits for a link while there is none. Resolves once the socket has taken it, which is
    /// no proof that it arrived.
    ///
    /// # Errors
    /// [`RequestError::NotConnected`], [`RequestError::Stopped`], [`RequestError::Session`]; see
    /// [`RequestError::delivery`].
    ///
    /// # Cancel safety
    /// Dropping the future removes the message unless it was already taken for writing.
    pub async fn send(&self, envelope: Envelope, timeout: Duration) -> Result<(), RequestError> {
        let (deadline, envelope) = (later(Instant::now(), timeout), Arc::new(envelope));
        loop {
            let link = self.link(deadline).await?;
            match link.send(Arc::clone(&envelope), deadline).await {
                Err(LinkError::LinkLost { phase: ham_session::Phase::Queued, .. } | LinkError::Draining) => {}
                sent => return Ok(sent?),
            }
        }
    }

    /// Sends a request and resolves with the envelope that answers it. Waits for a link while there is none; `timeout` covers that
    /// wait, sending, and the answer. If no byte of a request was sent when its link died, it goes out on the next one; otherwise it
    /// is never sent again.
    ///
    /// # Errors
    /// [`RequestError::NoId`], [`RequestError::NotConnected`], [`RequestError::Stopped`], [`RequestError::Session`]; see
    /// [`RequestError::delivery`]. A time-out leaves the link usable; the late answer goes to the handler.
    ///
    /// # Cancel safety
    /// Dropping the future removes the request: if it was not yet taken for writing, it is never sent; otherwise its answer goes to the handler.
    pub async fn request(&self, envelope: Envelope, timeout: Duration) -> Result<Envelope, RequestError> {
        if envelope.id.as_deref().unwrap_or_default().is_empty() {
            return Err(RequestError::NoId);
        }
        let (deadline, envelope) = (later(Instant::now(), timeout), Arc::new(envelope));
        loop {
            let link = self.link(deadline).await?;
            match link.request(Arc::clone(&envelope), deadline).await {
                Err(LinkError::LinkLost { phase: ham_session::Phase::Queued, .. } | LinkError::Draining) => {}
                answered => return Ok(answered?),
            }
        }
    }

    /// Whether there is a link now.
    #[must_use]
    pub fn connected(&self) -> bool {
        self.live().is_some()
    }

    /// Subscribes to the changes of the connection; the last one comes first.
    #[must_use]
    pub fn events(&self) -> Events {
        self.shared.events.subscribe()
    }

    /// What the connection is doing; `None` while the client does not run.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.shared.state()
    }

    /// The current link.
    fn live(&self) -> Option<Link<EnvelopeProtocol>> {
        let link = self.shared.connection.borrow().as_ref()?.current_connection()?;
        link.end().is_none().then_some(link)
    }

    /// A live link, of the current run or of the next one.
    async fn link(&self, deadline: Instant) -> Result<Link<EnvelopeProtocol>, RequestError> {
        // Nearly always there is one, and then there is nothing to watch.
        if let Some(link) = self.live() {
            return Ok(link);
        }
        let began = Instant::now();
        let mut connection = self.shared.connection.subscribe();
        let connection = match tokio::time::timeout_at(deadline, connection.wait_for(Option::is_some)).await {
            Ok(Ok(connection)) => connection.clone().ok_or(RequestError::Stopped)?,
            // The sender lives in `self`.
            Ok(Err(_)) => return Err(RequestError::Stopped),
            Err(_) => return Err(RequestError::NotConnected { after: began.elapsed() }),
        };
        Ok(live_link(&connection, deadline).await?)
    }
}
