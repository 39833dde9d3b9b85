//! The server: one accepting task, one task a connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;

use super::behaviour::Behaviour;
use super::message::Message;
use super::peer::{Peer, PeerError};
use super::upgrade::Upgrade;
use crate::events::{DEFAULT_EVENT_TIMEOUT, EventLog, Events};

/// Connections with [`Behaviour::Driven`] that may wait to be taken with [`Server::next_peer`]; one more is dropped.
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

/// One thing that happened to one connection of a [`Server`]. Connections are numbered from 0 in the order accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A TCP connection was accepted.
    Accepted {
        /// Number of the connection.
        connection: u64,
    },
    /// The server is done with the connection: closed, dropped, refused, or handed out as [`Peer`].
    Ended {
        /// Number of the connection.
        connection: u64,
    },
    /// A data message arrived (not reported for peers).
    Received {
        /// Number of the connection.
        connection: u64,
        /// The message.
        message: Message,
    },
    /// The upgrade was answered with 101.
    Upgraded {
        /// Number of the connection.
        connection: u64,
        /// What the client asked for.
        upgrade: Upgrade,
    },
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
    /// [`PeerError::TimedOut`] when none came.
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
    /// Cancel safe: the server stops all the same.
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

#[derive(Debug)]
struct Service {
    behaviours: Vec<Behaviour>,
    log: EventLog<ServerEvent>,
    driven: mpsc::Sender<Peer>,
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
        // An aborted or descriptor-starved accept concerns one client only.
        let Ok((stream, _)) = accepted else { continue };
        let (connection, service) = (number, Arc::clone(&service));
        number += 1;
        service.log.record(ServerEvent::Accepted { connection });
        connections.spawn(async move {
            let last = service.behaviours.len().saturating_sub(1);
            let nth = usize::try_from(connection).map_or(last, |nth| nth.min(last));
            let behaviour = service.behaviours.get(nth).cloned().unwrap_or(Behaviour::Echo);
            service.treat(connection, stream, behaviour).await;
            service.log.record(ServerEvent::Ended { connection });
        });
    }
}

impl Service {
    async fn treat(&self, connection: u64, stream: TcpStream, behaviour: Behaviour) {
        let refused = match behaviour {
            // The stream must stay open, so it is moved into a wait that only the server's end ends.
            Behaviour::NeverUpgrade => return hold_open(stream).await,
            Behaviour::RefuseUpgrade { status } => Some(status),
            _ => None,
        };
        // Batching would hide the order in which answers were written; without it they merely come later.
        let _ = stream.set_nodelay(true);
        let Some((upgrade, socket)) = accept_upgrade(stream, refused).await else { return };
        self.log.record(ServerEvent::Upgraded { connection, upgrade: upgrade.clone() });
        match behaviour {
            Behaviour::Driven => {
                // A full queue drops the peer, which drops the connection, as documented.
                let _ = self.driven.try_send(Peer { connection, upgrade, socket });
            }
            Behaviour::Deaf => hold_open(socket).await,
            other => {
                // A failing socket ends the connection; the client under test is the one to notice.
                let _ = self.converse(connection, socket, other).await;
            }
        }
    }

    async fn converse(
        &self,
        connection: u64,
        mut socket: WebSocketStream<TcpStream>,
        behaviour: Behaviour,
    ) -> Result<(), tungstenite::Error> {
        let mut left = match behaviour {
            Behaviour::CloseAfter { messages, .. } | Behaviour::DropAfter { messages } => Some(messages),
            _ => None,
        };
        while left != Some(0) {
            let Some(message) = socket.next().await.transpose()? else { return Ok(()) };
            let Some(message) = Message::from_wire(message) else { continue };
            self.log.record(ServerEvent::Received { connection, message: message.clone() });
            let answers = match &behaviour {
                Behaviour::Answer(answering) => answering.answers(message),
                Behaviour::Silent => Vec::new(),
                _ => vec![message],
            };
            for answer in answers {
                socket.send(answer.into_wire()).await?;
            }
            left = left.map(|left| left - 1);
        }
        if let Behaviour::CloseAfter { code, .. } = behaviour {
            socket.close(Some(CloseFrame { code: code.into(), reason: "".into() })).await?;
            while socket.next().await.transpose()?.is_some() {}
        }
        Ok(())
    }
}

async fn hold_open<T>(_held: T) {
    std::future::pending().await
}

async fn accept_upgrade(
    stream: TcpStream,
    refused: Option<u16>,
) -> Option<(Upgrade, WebSocketStream<TcpStream>)> {
    let mut seen = None;
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let callback = |request: &Request, response: Response| {
        seen = Some(Upgrade::of(request));
        let Some(status) = refused else { return Ok(response) };
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Err(refusal)
    };
    let accepted = tokio_tungstenite::accept_hdr_async(stream, callback).await;
    accepted.ok().and_then(|socket| Some((seen?, socket)))
}
