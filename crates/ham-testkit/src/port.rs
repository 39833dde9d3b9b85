//! Ports that are known before anybody listens on them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port that the system gives nobody else, and on which whoever is told of it can listen, and again. One that was merely free a
/// moment ago may be another's by then.
///
/// Dropping it lets the port go.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Bound, and it does not listen: clients are refused where nobody else does.
    _held: TcpSocket,
}

impl Port {
    /// # Errors
    /// The system has no port, or no socket.
    pub fn reserve() -> io::Result<Self> {
        // Of both families, where the machine has both.
        let of_both =
            TcpSocket::new_v6().and_then(|socket| Self::of(socket, (Ipv6Addr::UNSPECIFIED, 0).into()));
        of_both.or_else(|_| Self::of(TcpSocket::new_v4()?, (Ipv4Addr::UNSPECIFIED, 0).into()))
    }

    fn of(socket: TcpSocket, any: SocketAddr) -> io::Result<Self> {
        // Listeners set it, too: they may bind beside it. Where the system chooses a port, it never chooses one that is bound.
        socket.set_reuseaddr(true)?;
        socket.bind(any)?;
        Ok(Self { number: socket.local_addr()?.port(), _held: socket })
    }

    /// Which.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_reserved_port_is_for_those_who_listen_on_it() {
        let port = Port::reserve().unwrap();
        for _ in 0..2 {
            for address in [
                SocketAddr::from((Ipv4Addr::LOCALHOST, port.number())),
                (Ipv6Addr::LOCALHOST, port.number()).into(),
            ] {
                assert!(TcpStream::connect(address).is_err(), "nobody listens");
                match TcpListener::bind(address) {
                    Ok(listener) => drop(TcpStream::connect(listener.local_addr().unwrap()).unwrap()),
                    Err(error) => assert!(address.is_ipv6(), "{error}"),
                }
            }
        }
        // A client, as the system binds it.
        let client = TcpSocket::new_v4().unwrap();
        let refused = client.bind((Ipv4Addr::LOCALHOST, port.number()).into()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    }
}
