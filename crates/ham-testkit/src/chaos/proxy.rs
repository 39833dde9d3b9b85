//! The proxy's public handle and its one accepting task.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::connection;
use super::event::{Counters, EndCause, Event};
use super::fault::Faults;
use super::shared::Shared;
use crate::events::Events;

/// Connections alive at once; one more is accepted and reset ([`EndCause::Refused`]).
pub const MAX_CONNECTIONS: usize = 1024;

/// A fault proxy on a loopback port of its own. See the [module](super) for what it does.
///
/// The handle owns the accepting task; dropping it (or [`stop`](Self::stop)) closes the port and every connection.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy to `upstream` that breaks nothing until told to.
    ///
    /// # Errors
    /// The error of binding a loopback port.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left behind.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        Self::start_with(upstream, []).await
    }

    /// A proxy to `upstream` with faults. A seed is printed to standard error, to repeat the run with
    /// [`CHAOS_SEED_VARIABLE`](super::CHAOS_SEED_VARIABLE).
    ///
    /// # Errors
    /// The error of binding a loopback port.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is left behind.
    pub async fn start_with(upstream: SocketAddr, faults: impl Into<Faults>) -> io::Result<Self> {
        let faults = faults.into();
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        if let Some(seed) = faults.seed() {
            eprintln!(
                "chaos proxy {address}: seed {seed} (repeat with {}={seed})",
                super::CHAOS_SEED_VARIABLE
            );
        }
        let shared = Arc::new(Shared::new(faults, upstream));
        let task = spawn_accepting(listener, Arc::clone(&shared));
        Ok(Self { address, shared, task })
    }

    /// The address for clients to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that happened and will happen, from the start.
    #[must_use]
    pub fn events(&self) -> Events<Event> {
        self.shared.events()
    }

    /// Totals so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// The seed of the faults, if they have one.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.shared.faults.seed()
    }

    /// Sends new connections to another server, as when a conductor has moved to another port. Existing connections stay.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.shared.control.send_modify(|control| control.upstream = upstream);
    }

    /// Refuses (resets) new connections until told otherwise. Existing connections stay.
    pub fn set_refusing(&self, refusing: bool) {
        self.shared.control.send_modify(|control| control.refusing = refusing);
    }

    /// Closes every connection now, whatever its state: [`EndCause::Cut`].
    pub fn cut_now(&self) {
        self.shared.control.send_modify(|control| control.cuts += 1);
    }

    /// Resets every connection now: [`EndCause::Reset`].
    pub fn reset_now(&self) {
        self.shared.control.send_modify(|control| control.resets += 1);
    }

    /// Stops passing bytes on, in both directions, on every connection and on new ones. Nothing is lost: the sockets stay open and
    /// fill up. A portion already handed to a socket still arrives.
    pub fn hold(&self) {
        self.shared.control.send_modify(|control| control.held = true);
    }

    /// Continues after [`hold`](Self::hold), with every byte that waited.
    pub fn release(&self) {
        self.shared.control.send_modify(|control| control.held = false);
    }

    /// Closes the port and every connection ([`EndCause::Stopped`]) and waits until all are closed.
    ///
    /// # Cancel safety
    /// Cancel safe: the proxy stops anyway.
    pub async fn stop(mut self) {
        self.shared.control.send_modify(|control| control.stopped = true);
        // The task ends by itself; a panic in it would be a bug of the proxy and is not hidden.
        if let Err(failed) = (&mut self.task).await
            && failed.is_panic()
        {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.control.send_modify(|control| control.stopped = true);
    }
}

#[expect(clippy::disallowed_methods, reason = "the proxy's one task, owned by Proxy::task")]
fn spawn_accepting(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    tokio::spawn(accept_all(listener, shared))
}

async fn accept_all(listener: TcpListener, shared: Arc<Shared>) {
    let mut control = shared.control.subscribe();
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        // Order: stopping first, so that a flood of clients cannot delay it; then finished connections, to free their places;
        // accepting last. Neither of the first two can repeat for ever, so accepting is not starved.
        let client = tokio::select! {
            biased;
            _ = control.wait_for(|control| control.stopped) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        // An aborted accept, or one without a free descriptor, affects only one client.
        let Ok((client, _)) = client else { continue };
        let connection = number;
        number += 1;
        shared.record(Event::Accepted { connection });
        let now = *shared.control.borrow();
        if now.refusing || connections.len() >= MAX_CONNECTIONS {
            refuse(client);
            shared.record(Event::Ended { connection, cause: EndCause::Refused });
        } else {
            connections.spawn(connection::run(connection, client, now, Arc::clone(&shared)));
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

fn refuse(client: TcpStream) {
    // A plain close after the handshake looks like a server that hung up; a reset is what a refusing port sends.
    let _ = client.set_zero_linger();
}
