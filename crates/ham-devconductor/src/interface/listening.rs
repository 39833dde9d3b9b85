//! One interface that listens, and serves those who connect.

use std::io;
use std::net::Ipv4Addr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ham_web::Places;
use tokio_util::sync::CancellationToken;

use super::incoming_limits::IncomingLimits;
use super::origin::{Foreign, Origins};
use super::place::Interface;
use super::port::Listener;
use super::reading::Reading;
use super::transport::{Socket, handshake};
use crate::life::Life;

/// Listens while this exists, and serves those who have connected.
pub(super) struct ListenerHandle {
    pub(super) port: u16,
    stop: CancellationToken,
}

/// What applies to all interfaces of a conductor.
#[derive(Debug, Clone)]
pub(super) struct InterfaceSettings {
    pub(super) foreign: Foreign,
    pub(super) incoming_limits: IncomingLimits,
    /// Per interface, including those that are still in their handshake.
    pub(super) connections: NonZeroUsize,
}

/// Serves one client until it leaves or must stop.
pub(super) type Serve = dyn Fn(Socket, CancellationToken) -> BoxFuture<'static, ()> + Send + Sync;

impl Drop for ListenerHandle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Serves each client in a task of its own, as many at a time as the settings allow.
///
/// # Errors
/// The port is taken, or the address is not an IP address.
pub(super) async fn listen(
    interface: &Interface,
    settings: &InterfaceSettings,
    life: &Life,
    serve: Arc<Serve>,
) -> io::Result<ListenerHandle> {
    let listener = Listener::bind(interface.port, interface.address.as_deref()).await?;
    let handle = ListenerHandle { port: listener.port(), stop: life.closing().child_token() };
    let (stop, killed, tasks) = (handle.stop.clone(), life.killed().clone(), life.tasks().clone());
    let origins = Arc::new(Origins::new(interface.allowed_origins.clone(), settings.foreign.clone()));
    let limits = settings.incoming_limits.clone();
    let (most, mut places) = (settings.connections, Places::new(settings.connections.get()));
    life.tasks().spawn(async move {
        while let Some(stream) = stop.run_until_cancelled(listener.accept()).await {
            // It may have gone already.
            let from = stream.peer_addr().map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.ip());
            let Some(place) = stop.run_until_cancelled(places.take(from)).await else { break };
            let Some(place) = place else {
                tracing::warn!("more than {most} connections to one interface (--max-connections)");
                continue;
            };
            let (origins, limits, serve) = (Arc::clone(&origins), limits.clone(), Arc::clone(&serve));
            let (stop, killed, reading) = (stop.clone(), killed.clone(), Reading::of(place.standing().clone()));
            let serving = async move {
                let shaking = handshake(stream, reading, &origins, &limits);
                if let Some(socket) = stop.run_until_cancelled(shaking).await.flatten() {
                    serve(socket, stop).await;
                }
            };
            tasks.spawn(async move {
                tokio::select! {
                    // First, so that nothing is written after it.
                    biased;
                    () = killed.cancelled() => {}
                    () = place.standing().is_to_leave() => tracing::warn!("a client that is not known makes room for another"),
                    () = serving => {}
                }
            });
        }
    });
    Ok(handle)
}
