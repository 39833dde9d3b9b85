//! One run of a client: dials, keeps the link, feeds the handler, closes.

use std::sync::Arc;

use ham_persistent::{AttemptError, Event};
use ham_session::{Ended, Link};
use tokio_util::sync::CancellationToken;

use crate::bus::ConnectEvent;
use crate::error::RunError;
use crate::handling::handle_all;

use crate::protocol::EnvelopeProtocol;
use crate::shared::{Connection, Shared};

pub(crate) async fn run(shared: &Arc<Shared>, cancel: CancellationToken) -> Result<(), RunError> {
    let _running = shared.running.try_lock().map_err(|_| RunError::AlreadyRunning)?;
    let connection = tokio::select! {
        // Cancelling first: it drops a dial under way.
        biased;
        () = cancel.cancelled() => return Ok(()),
        started = start(shared) => started?,
    };
    let published = Published::new(shared, connection);
    let ended = tokio::select! {
        // Neither of the first two can repeat, so the handler is not starved.
        biased;
        () = cancel.cancelled() => Ok(()),
        () = published.connection.close_finished() => Err(ended(&published.connection)),
        // Nobody closes this queue, so it goes on for ever.
        () = handle_all(&shared.queue, std::future::pending()) => Ok(()),
    };
    published.connection.close().await;
    ended
}

async fn start(shared: &Arc<Shared>) -> Result<Connection, RunError> {
    let endpoint = &shared.config.endpoint;
    let announced = Arc::downgrade(shared);
    let mut live: Option<Link<EnvelopeProtocol>> = None;
    let builder = endpoint
        .builder("envelope server", Arc::new(EnvelopeProtocol), shared.queue.clone())
        .expect("the settings were checked by Client::new")
        .on_event(move |event| {
            let event = match event {
                Event::Connected(link) => {
                    live = Some(link);
                    Some(ConnectEvent::Connected)
                }
                Event::Disconnected => {
                    let end = live.take().and_then(|link| link.end());
                    Some(ConnectEvent::Disconnected(Ended::of(end.as_deref())))
                }
                Event::AttemptingToConnect | Event::ObtainedAddress(_) | Event::FailedToConnect(_) => None,
            };
            if let (Some(event), Some(shared)) = (event, announced.upgrade()) {
                shared.announce(event);
            }
            std::future::ready(())
        });
    endpoint.start(builder).await.map_err(|error| match error {
        AttemptError::FailedToConnect(error) => RunError::FirstDial(error),
        AttemptError::Closed(closed) => RunError::Ended { why: closed.cause.to_string() },
    })
}

fn ended(connection: &Connection) -> RunError {
    let state = connection.state();
    let why = state.borrow().cause().map_or_else(|| "closed".to_owned(), ToString::to_string);
    RunError::Ended { why }
}

/// The connection, shown to the clones of the client while the run lasts.
struct Published<'a> {
    shared: &'a Shared,
    connection: Connection,
}

impl<'a> Published<'a> {
    fn new(shared: &'a Shared, connection: Connection) -> Self {
        shared.connection.send_replace(Some(connection.clone()));
        Self { shared, connection }
    }
}

impl Drop for Published<'_> {
    fn drop(&mut self) {
        // With its last handle the connection closes, if the run was dropped before it did.
        self.shared.connection.send_replace(None);
    }
}
