//! A server that goes away on order, to measure how soon a client notices.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::upgrade;

/// How the server leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The process ended: the kernel sends FIN.
    Fin,
    /// A WebSocket close frame, then FIN.
    CloseFrame,
    /// A TCP reset.
    Reset,
    /// Nothing: it neither reads nor writes any more, and its socket stays open.
    Silence,
}

/// The server, on a thread and runtime of its own. It serves one client at a time.
#[derive(Debug)]
pub struct Sentinel {
    address: SocketAddr,
    orders: mpsc::Sender<(Farewell, oneshot::Sender<Instant>)>,
}

impl Sentinel {
    /// Starts it on a free loopback port.
    ///
    /// # Panics
    /// When the machine gives no port or thread.
    #[must_use]
    pub fn start() -> Self {
        let (told, address) = std::sync::mpsc::channel();
        let (orders, mut taken) = mpsc::channel::<(Farewell, oneshot::Sender<Instant>)>(1);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
                told.send(listener.local_addr().expect("a bound socket")).expect("the starter waits");
                let mut silent = Vec::new();
                while let Ok((mut stream, _)) = listener.accept().await {
                    upgrade::accept(&mut stream).await.expect("a client that upgrades");
                    let Some((farewell, left)) = taken.recv().await else { return };
                    let at = Instant::now();
                    silent.extend(leave(stream, farewell).await);
                    let _ = left.send(at);
                }
            });
        });
        Self { address: address.recv().expect("the server starts"), orders }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes it leave its current client; returns when it did, by its own clock.
    ///
    /// # Panics
    /// When it is gone already.
    pub async fn leave(&self, farewell: Farewell) -> Instant {
        let (tell, left) = oneshot::channel();
        self.orders.send((farewell, tell)).await.expect("the server");
        left.await.expect("the server")
    }
}

/// Leaves; a socket that has to stay open is handed back.
async fn leave(mut stream: TcpStream, farewell: Farewell) -> Option<TcpStream> {
    match farewell {
        Farewell::Fin => None,
        Farewell::CloseFrame => {
            stream.write_all(&[0x88, 2, 0x03, 0xe9]).await.expect("a live client");
            None
        }
        Farewell::Reset => {
            stream.set_zero_linger().expect("a live socket");
            None
        }
        Farewell::Silence => Some(stream),
    }
}
