//! One connection of a server.

use std::sync::Arc;

use ham_persistent::{Connection as _, later};
use ham_session::{AcceptError, Gate, Io, accept};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::ServerConfig;
use crate::error::ServeError;
use crate::events;

use crate::handler::{ErasedHandler, Handler};
use crate::handling::handle_all;
use crate::protocol::EnvelopeProtocol;
use crate::queue::Queue;

/// Answers the envelopes of one stream, TLS over TCP for instance, beginning with its upgrade. Resolves when the connection
/// has ended and what the handler was given is done.
///
/// When `stop` is cancelled the handler is given nothing more; what it has it may finish within
/// [`drain_timeout`](ham_session::SessionConfig::drain_timeout), then the connection is closed.
///
/// # Errors
/// - [`ServeError::Config`]: a setting cannot work;
/// - [`ServeError::Accept`]: the stream became no link.
///
/// # Cancel safety
/// Dropping the future closes the connection, and drops what the handler is doing at its current wait.
pub async fn serve_stream(
    io: impl Io + 'static,
    handler: impl Handler,
    config: &ServerConfig,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    config.check()?;
    Ok(connection(io, &config.gate, Arc::new(handler), config, stop).await?)
}

pub(super) async fn connection(
    io: impl Io + 'static,
    gate: &Gate,
    handler: Arc<dyn ErasedHandler>,
    config: &ServerConfig,
    stop: CancellationToken,
) -> Result<(), AcceptError> {
    let queue = Arc::new(Queue::new(config.queue, handler));
    let _abandoned = Abandoned(Arc::clone(&queue));
    let accepting = accept(io, gate, Arc::new(EnvelopeProtocol), queue.clone(), &config.session);
    let link = tokio::select! {
        // Stopping first: an upgrade is dropped for it.
        biased;
        () = stop.cancelled() => return Ok(()),
        accepted = accepting => accepted?,
    };
    tracing::info!(event = events::ACCEPTED, link = link.id());
    let done = async {
        stop.cancelled().await;
        sleep_until(later(Instant::now(), config.session.drain_timeout)).await;
    };
    let ended = async {
        link.closed().await;
        queue.close();
        std::future::pending().await
    };
    tokio::select! {
        // Ends when the link has ended and everything is handled, or when it was stopped.
        () = handle_all(&queue, stop.cancelled()) => {}
        () = ended => {}
        () = done => {}
    }
    link.close().await;
    let end = link.end();
    tracing::info!(event = events::LEFT, link = link.id(), end = end.as_deref().map(tracing::field::display));
    Ok(())
}

/// Gives the queue up when the connection is over, also when its future is dropped.
struct Abandoned(Arc<Queue>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
