//! What happens to the connections of a server.

use super::message::Message;
use super::upgrade::Upgrade;

/// One thing that happened to one connection of a [`Server`](super::Server). Connections are numbered from 0 in the order accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A TCP connection was accepted.
    Accepted {
        /// Number of the connection.
        connection: u64,
    },
    /// The server is finished with the connection: closed, dropped, refused, or handed out as [`Peer`](super::Peer).
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
        /// The client's upgrade request.
        upgrade: Upgrade,
    },
}
