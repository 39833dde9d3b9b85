//! Where byte streams come from: the system's name resolution and TCP, unless a test brings its own.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

/// A byte stream: TCP, or TLS over it. Everything that reads and writes is one.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What the operations of a [`Network`] return.
pub type NetworkFuture<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// Finds hosts and opens byte streams to them. Shared by all dials of a configuration.
///
/// The dial does the rest: it tries the addresses in turn, gives each a share of
/// [`SessionConfig::connect_timeout`](crate::SessionConfig::connect_timeout), and does TLS and the upgrade on the stream.
/// Both futures are dropped when that time is up, which must end what they began.
pub trait Network: fmt::Debug + Send + Sync {
    /// The addresses of `host`, in the order in which to try them. No addresses at all count as a name that was not found. It is not
    /// called for hosts that are already addresses.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> NetworkFuture<'a, Vec<SocketAddr>>;

    /// A stream to `address` that does not hold back small writes.
    fn connect(&self, address: SocketAddr) -> NetworkFuture<'_, Box<dyn Io>>;
}

/// The system's resolver and TCP with `TCP_NODELAY`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNetwork;

impl Network for SystemNetwork {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> NetworkFuture<'a, Vec<SocketAddr>> {
        Box::pin(async move { Ok(lookup_host((host, port)).await?.collect()) })
    }

    fn connect(&self, address: SocketAddr) -> NetworkFuture<'_, Box<dyn Io>> {
        Box::pin(async move {
            let tcp = TcpStream::connect(address).await?;
            tcp.set_nodelay(true)?;
            Ok(Box::new(tcp) as Box<dyn Io>)
        })
    }
}
