//! Connections from a listener, up to the allowed number at a time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::later;
use ham_session::{AcceptError, Gate, accept};
use http::StatusCode;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::ServerConfig;
use super::connection::connection;
use crate::config::ConfigError;
use crate::events;
use crate::handler::{ErasedHandler, Handler};
use crate::protocol::EnvelopeProtocol;
use crate::queue::Queue;

/// Answers the envelopes of everyone who connects, each connection in a task of its own, until `stop` is cancelled. Then it takes no
/// more connections, lets the handler finish what it has within [`drain_timeout`](ham_session::SessionConfig::drain_timeout), closes
/// all links and resolves.
///
/// A handler that panics ends its own connection. A connection beyond [`max_connections`](ServerConfig::max_connections) is answered
/// with 503; if [`MAX_REFUSALS`] of those are waiting for that answer too, no connection is accepted until one of them is gone.
///
/// # Errors
/// When a setting cannot work.
///
/// # Cancel safety
/// Dropping the future closes the listener and all connections, without draining.
///
/// # Examples
/// ```no_run
/// use ham_envelope::{Router, ServerConfig, serve};
/// use tokio::net::TcpListener;
/// use tokio_util::sync::CancellationToken;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let router = Router::new().on("add", |request| async move {
///     let (a, b): (i64, i64) = request.payload_as().map_err(|error| error.to_string())?;
///     request.reply("sum").with_payload(a + b).map_err(|error| error.to_string())
/// });
/// let listener = TcpListener::bind("127.0.0.1:7888").await?;
/// serve(listener, router, ServerConfig::default(), CancellationToken::new()).await?;
/// # Ok(())
/// # }
/// ```
pub async fn serve(
    listener: TcpListener,
    handler: impl Handler,
    config: ServerConfig,
    stop: CancellationToken,
) -> Result<(), ConfigError> {
    config.check()?;
    let most = config.max_connections.get().saturating_add(MAX_REFUSALS);
    let places = Semaphore::new(config.max_connections.get().min(Semaphore::MAX_PERMITS));
    let server = Arc::new(Server { handler: Arc::new(handler), config, places, stop });
    // If this future is dropped, so is the set, which ends them all.
    let mut connections = JoinSet::new();
    let mut again = Instant::now();
    loop {
        tokio::select! {
            // Stopping first. Neither that nor an ended connection can repeat without one being accepted, so nothing is starved.
            biased;
            () = server.stop.cancelled() => break,
            Some(ended) = connections.join_next() => tell(ended),
            () = sleep_until(again), if again > Instant::now() => {}
            accepted = listener.accept(), if connections.len() < most && again <= Instant::now() => match accepted {
                Ok((tcp, _)) => {
                    connections.spawn(Arc::clone(&server).take(tcp));
                }
                Err(error) => {
                    // Usually this means that no descriptor is free, which lasts until a connection ends.
                    tracing::warn!(event = events::NOT_LISTENING, %error);
                    again = later(Instant::now(), ACCEPT_PAUSE);
                }
            },
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        tell(ended);
    }
    Ok(())
}

/// What the connections share.
struct Server {
    handler: Arc<dyn ErasedHandler>,
    config: ServerConfig,
    places: Semaphore,
    stop: CancellationToken,
}

impl Server {
    async fn take(self: Arc<Self>, tcp: TcpStream) -> Result<(), AcceptError> {
        let place = self.places.try_acquire();
        let full =
            Gate::default().with_origins(|_| true).with_check(|_| Err(StatusCode::SERVICE_UNAVAILABLE));
        let gate = if place.is_ok() { &self.config.gate } else { &full };
        tcp.set_nodelay(true).map_err(AcceptError::Upgrade)?;
        let session = &self.config.session;
        let accepting = |queue: Arc<Queue>| accept(tcp, gate, Arc::new(EnvelopeProtocol), queue, session);
        connection(accepting, Arc::clone(&self.handler), &self.config, self.stop.clone()).await
    }
}

fn tell(ended: Result<Result<(), AcceptError>, JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(AcceptError::Upgrade(error))) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        Ok(Err(error)) => tracing::debug!(event = events::REFUSED, %error),
        Err(error) => tracing::error!(event = events::PANICKED, %error),
    }
}

/// How many connections beyond the bound are answered with 503 at the same time.
pub const MAX_REFUSALS: usize = 64;

/// The pause after an error of the listener.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
