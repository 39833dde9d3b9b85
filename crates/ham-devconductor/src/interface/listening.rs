//! One interface that listens, and serves who connects.

use std::io;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::intake::Intake;
use super::origin::{Foreign, Origins};
use super::place::Interface;
use super::port::Listener;
use super::transport::{Socket, handshake};
use crate::life::Life;

/// Listens while it is here, and serves who has connected.
pub(super) struct Listening {
    pub(super) port: u16,
    stop: CancellationToken,
}

/// What holds on all interfaces of a conductor.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) foreign: Foreign,
    pub(super) intake: Intake,
}

/// Serves one client until it goes or is to stop.
pub(super) type Serve = dyn Fn(Socket, CancellationToken) -> BoxFuture<'static, ()> + Send + Sync;

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Serves each client in a task of its own, [`MAX_CONNECTIONS`] at a time.
///
/// # Errors
/// The port is taken, or the address is not an IP address.
pub(super) async fn listen(
    interface: &Interface,
    terms: &Terms,
    life: &Life,
    serve: Arc<Serve>,
) -> io::Result<Listening> {
    let listener = Listener::bind(interface.port, interface.address.as_deref()).await?;
    let listening = Listening { port: listener.port(), stop: life.closing().child_token() };
    let (stop, killed, tasks) = (listening.stop.clone(), life.killed().clone(), life.tasks().clone());
    let origins = Arc::new(Origins::new(interface.allowed_origins.clone(), terms.foreign.clone()));
    let intake = terms.intake.clone();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    life.tasks().spawn(async move {
        while let Some(stream) = stop.run_until_cancelled(listener.accept()).await {
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                tracing::warn!("more than {MAX_CONNECTIONS} connections to one interface");
                continue;
            };
            let (origins, intake, serve) = (Arc::clone(&origins), intake.clone(), Arc::clone(&serve));
            let (stop, killed) = (stop.clone(), killed.clone());
            let serving = async move {
                let shaken = stop.run_until_cancelled(handshake(stream, &origins, &intake)).await.flatten();
                if let Some(socket) = shaken {
                    serve(socket, stop).await;
                }
                drop(place);
            };
            tasks.spawn(async move {
                tokio::select! {
                    // First, so that nothing is written after it.
                    biased;
                    () = killed.cancelled() => {}
                    () = serving => {}
                }
            });
        }
    });
    Ok(listening)
}

/// Connections to one interface at a time, those that shake hands included.
const MAX_CONNECTIONS: usize = 400;
