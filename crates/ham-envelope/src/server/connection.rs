//! One connection of a server.

use std::future::Future;
use std::sync::Arc;

use ham_persistent::{Connection as _, later};
use ham_session::{AcceptError, Io, Link, accept, accept_upgraded};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::ServerConfig;
use crate::error::ServeError;
use crate::events;

use crate::handler::{ErasedHandler, Handler};
use crate::handling::handle_all;
use crate::protocol::EnvelopeProtocol;
use crate::queue::Queue;

/// Answers the envelopes of one stream, for instance TLS over TCP, beginning with its upgrade. Resolves when the connection has ended
/// and everything that the handler was given is done.
///
/// When `stop` is cancelled, the handler is given nothing more; it may finish what it has within
/// [`drain_timeout`](ham_session::SessionConfig::drain_timeout), then the connection is closed.
///
/// # Errors
/// - [`ServeError::Config`]: a setting cannot work;
/// - [`ServeError::Accept`]: the stream did not become a link.
///
/// # Cancel safety
/// Dropping the future closes the connection, and drops the handler's work at its current await.
pub async fn serve_stream(
    io: impl Io + 'static,
    handler: impl Handler,
    config: &ServerConfig,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    config.check()?;
    let gate = &config.gate;
    let accepting = |queue: Arc<Queue>| accept(io, gate, Arc::new(EnvelopeProtocol), queue, &config.session);
    Ok(connection(accepting, Arc::new(handler), config, stop).await?)
}

/// [`serve_stream`] for a stream that an HTTP server has already upgraded; that server has decided whom to admit, so
/// [`gate`](ServerConfig::gate) is not consulted.
///
/// # Errors
/// As [`serve_stream`].
///
/// # Cancel safety
/// As [`serve_stream`].
pub async fn serve_upgraded(
    io: impl Io + 'static,
    handler: impl Handler,
    config: &ServerConfig,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    config.check()?;
    let accepting =
        |queue: Arc<Queue>| accept_upgraded(io, Arc::new(EnvelopeProtocol), queue, &config.session);
    Ok(connection(accepting, Arc::new(handler), config, stop).await?)
}

/// A connection, from the moment `accepting` makes it a link until it has ended.
pub(super) async fn connection<F>(
    accepting: impl FnOnce(Arc<Queue>) -> F,
    handler: Arc<dyn ErasedHandler>,
    config: &ServerConfig,
    stop: CancellationToken,
) -> Result<(), AcceptError>
where
    F: Future<Output = Result<Link<EnvelopeProtocol>, AcceptError>>,
{
    let queue = Arc::new(Queue::new(config.queue, handler));
    let _guard = AbandonOnDrop(Arc::clone(&queue));
    let accepting = accepting(Arc::clone(&queue));
    let link = tokio::select! {
        // Stopping first: it drops an upgrade under way.
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

/// Abandons the queue when the connection is over, even if its future is dropped.
struct AbandonOnDrop(Arc<Queue>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
