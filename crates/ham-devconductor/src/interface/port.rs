//! Listening sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// One port, on the addresses of both families if the machine has both.
pub(super) struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
}

impl Listener {
    /// Port 0 means a free one. Without an address, the loopback addresses.
    ///
    /// # Errors
    /// The port is taken, or the address is not an IP address.
    pub(super) async fn bind(port: u16, address: Option<&str>) -> io::Result<Self> {
        let address = address.map(str::parse::<IpAddr>).transpose().map_err(io::Error::other)?;
        let (v4, v6) = match address {
            None => (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST),
            Some(IpAddr::V4(v4)) if v4.is_loopback() => (v4, Ipv6Addr::LOCALHOST),
            Some(IpAddr::V4(v4)) if v4.is_unspecified() => (v4, Ipv6Addr::UNSPECIFIED),
            Some(IpAddr::V4(v4)) => (v4, v4.to_ipv6_mapped()),
            Some(IpAddr::V6(v6)) if v6.is_unspecified() => (Ipv4Addr::UNSPECIFIED, v6),
            Some(IpAddr::V6(v6)) => (v6.to_ipv4().unwrap_or(Ipv4Addr::LOCALHOST), v6),
        };
        let mut last = io::ErrorKind::AddrInUse.into();
        for _ in 0..BIND_TRIES {
            let first = match TcpListener::bind((v6, port)).await {
                Ok(first) => first,
                // There is no IPv6, or the address is an IPv4 one in IPv6 form.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
                Err(_) => return Self::of(vec![TcpListener::bind((v4, port)).await?]),
            };
            match TcpListener::bind((v4, first.local_addr()?.port())).await {
                Ok(second) => return Self::of(vec![first, second]),
                // One socket may take both families, or the machine has no IPv4.
                Err(error) if error.kind() != io::ErrorKind::AddrInUse || v6.is_unspecified() => {
                    return Self::of(vec![first]);
                }
                // Free in one family only: a free port is searched for again, a chosen one is taken.
                Err(error) if port == 0 => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    fn of(sockets: Vec<TcpListener>) -> io::Result<Self> {
        let port = sockets.first().ok_or(io::ErrorKind::NotFound)?.local_addr()?.port();
        Ok(Self { sockets, port })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The next client, which has sent nothing yet. A failure affects only one client, or is temporary: files run out.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(super) async fn accept(&self) -> TcpStream {
        loop {
            match self.accept_one().await {
                Ok((stream, _)) => {
                    // If this fails, answers are late, not wrong.
                    let _ = stream.set_nodelay(true);
                    return stream;
                }
                Err(error) => {
                    tracing::warn!(%error, "a client could not connect");
                    pause().await;
                }
            }
        }
    }

    async fn accept_one(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match self.sockets.as_slice() {
            [first, second, ..] => tokio::select! {
                accepted = first.accept() => accepted,
                accepted = second.accept() => accepted,
            },
            [only] => only.accept().await,
            [] => std::future::pending().await,
        }
    }
}

/// A client that keeps failing must not keep a core busy.
#[expect(
    clippy::disallowed_methods,
    reason = "a pause after a failure, in a task that ends with its interface"
)]
async fn pause() {
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// How often to search for a port that is free in both families.
const BIND_TRIES: usize = 5;

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
