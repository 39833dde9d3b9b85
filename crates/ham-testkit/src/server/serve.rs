//! The server: one accepting task, one task per connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::behaviour::Behaviour;
use super::connection::Service;
use super::event::ServerEvent;
use super::peer::{Peer, PeerError};
use crate::events::{DEFAULT_EVENT_TIMEOUT, EventLog, Events};

/// How many connections with [`Behaviour::Driven`] may wait to be taken with [`Server::next_peer`]; one more is dropped.
pub const DRIVEN_QUEUE: usize = 1024;

/// A WebSocket server on a loopback port of its own. See the [module](super) for what it does.
///
/// The handle owns the accepting task; dropping it (or [`stop`](Self::stop)) closes the port and every connection, except
/// those handed out as [`Peer`].
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    log: EventLog<ServerEvent>,
    peers: Mutex<mpsc::Receiver<Peer>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// A server that treats its n-th connection by the n-th behaviour; the last one repeats, an empty list echoes.
    ///
    /// # Errors
    /// The error of binding a loopback port.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left behind.
    pub async fn start(behaviours: impl Into<Vec<Behaviour>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (driven, peers) = mpsc::channel(DRIVEN_QUEUE);
        let (log, stop) = (EventLog::new(), CancellationToken::new());
        let service = Service { behaviours: behaviours.into(), log: log.clone(), driven };
        let task = spawn_accepting(listener, service, stop.clone());
        Ok(Self { address, log, peers: Mutex::new(peers), stop, task })
    }

    /// A server that echoes.
    ///
    /// # Errors
    /// The error of binding a loopback port.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left behind.
    pub async fn echo() -> io::Result<Self> {
        Self::start([Behaviour::Echo]).await
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `ws://127.0.0.1:port/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// Everything that happened and will happen, from the start.
    #[must_use]
    pub fn events(&self) -> Events<ServerEvent> {
        self.log.events()
    }

    /// The next connection with [`Behaviour::Driven`], upgraded; waits up to [`DEFAULT_EVENT_TIMEOUT`].
    ///
    /// # Errors
    /// [`PeerError::TimedOut`] if none came.
    ///
    /// # Cancel safety
    /// Cancel safe: no peer is lost.
    pub async fn next_peer(&self) -> Result<Peer, PeerError> {
        let within = DEFAULT_EVENT_TIMEOUT;
        let next = async { self.peers.lock().await.recv().await };
        let peer = tokio::time::timeout(within, next).await.map_err(|_| PeerError::TimedOut { within })?;
        peer.ok_or(PeerError::Closed)
    }

    /// Closes the port and every connection, without close frames, and waits until all are closed.
    ///
    /// # Cancel safety
    /// Cancel safe: the server stops anyway.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // The task ends by itself; a panic in it would be a bug of the server and is not hidden.
        if let Err(failed) = (&mut self.task).await
            && failed.is_panic()
        {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[expect(clippy::disallowed_methods, reason = "the server's one task, owned by Server::task")]
fn spawn_accepting(listener: TcpListener, service: Service, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        // Dropping the loop drops the listener and, with the set, every connection.
        stop.run_until_cancelled(accept_all(listener, Arc::new(service))).await;
    })
}

async fn accept_all(listener: TcpListener, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        // Finished connections are only collected; accepting cannot be starved by them.
        let accepted = tokio::select! {
            biased;
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        // An aborted accept, or one without a free descriptor, affects only one client.
        let Ok((stream, _)) = accepted else { continue };
        let (connection, service) = (number, Arc::clone(&service));
        number += 1;
        service.log.record(ServerEvent::Accepted { connection });
        connections.spawn(async move { service.serve(connection, stream).await });
    }
}
