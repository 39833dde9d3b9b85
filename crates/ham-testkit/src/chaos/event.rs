//! What a proxy reports.

use std::io;
use std::net::SocketAddr;

use super::fault::{Direction, Fault};
use super::frame::FrameHeader;

/// One thing that happened to one connection. Connections are numbered from 0 in the order accepted; events of one
/// connection are in order, events of different connections interleave as they happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A client connected to the proxy.
    Accepted {
        /// Number of the connection.
        connection: u64,
    },
    /// The connection is over and both its sockets are closed. The last event of its number.
    Ended {
        /// Number of the connection.
        connection: u64,
        /// Why.
        cause: EndCause,
    },
    /// A fault struck.
    Faulted {
        /// Number of the connection.
        connection: u64,
        /// The fault.
        fault: Fault,
    },
    /// A whole data frame was handed to the other side's socket.
    Frame {
        /// Number of the connection.
        connection: u64,
        /// Which way it went.
        direction: Direction,
        /// Its number in that direction.
        frame: u64,
        /// Its header.
        header: FrameHeader,
    },
    /// The connection to the upstream server is established.
    Reached {
        /// Number of the connection.
        connection: u64,
        /// The upstream address used.
        upstream: SocketAddr,
    },
    /// The server's `101 Switching Protocols` was passed on.
    Upgraded {
        /// Number of the connection.
        connection: u64,
    },
}

/// Why a proxied connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndCause {
    /// A fault or a command cut it.
    Cut,
    /// Both sides finished by themselves.
    Finished,
    /// A socket failed by itself.
    Io(io::ErrorKind),
    /// The proxy refused it: it was told to, or there were more than [`MAX_CONNECTIONS`](super::MAX_CONNECTIONS) at once.
    Refused,
    /// A fault or a command reset it.
    Reset,
    /// The proxy was stopped.
    Stopped,
    /// The upstream server could not be reached.
    Unreachable(io::ErrorKind),
}

/// Totals since the proxy started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections accepted, refused ones included.
    pub accepted: u64,
    /// Connections ended, for whatever cause.
    pub ended: u64,
    /// Faults that struck.
    pub faults: u64,
    /// Data frames passed on to clients.
    pub frames_to_client: u64,
    /// Data frames passed on to the server.
    pub frames_to_server: u64,
    /// Bytes passed on, both ways, injected garbage included.
    pub bytes: u64,
}

impl Counters {
    pub(crate) fn count(&mut self, event: &Event) {
        match event {
            Event::Accepted { .. } => self.accepted += 1,
            Event::Ended { .. } => self.ended += 1,
            Event::Faulted { .. } => self.faults += 1,
            Event::Frame { direction: Direction::ToClient, .. } => self.frames_to_client += 1,
            Event::Frame { direction: Direction::ToServer, .. } => self.frames_to_server += 1,
            Event::Reached { .. } | Event::Upgraded { .. } => {}
        }
    }
}
