//! The two traits that a user implements: how to dial, and what a live link is.

use std::fmt::{Debug, Display};
use std::future::Future;

/// Whether dialling again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permanence {
    /// The peer may be back later: dial again.
    Transient,
    /// The same attempt fails the same way until someone changes something (a wrong token, a wrong app).
    Permanent,
}

/// Why an attempt failed. Two errors are equal when they render alike.
pub trait ConnectError: std::error::Error + Send + Sync + 'static {
    /// Whether dialling again can help. Permanent failures are logged at error from the first one.
    fn permanence(&self) -> Permanence {
        Permanence::Transient
    }
}

/// Dials. Owned by the driver task of one persistent connection.
pub trait Connector: Send + 'static {
    /// Where to dial. Obtained again for every attempt, so a moved port, a new host or a fresh token is picked up.
    type Address: PartialEq + Clone + Debug + Send + Sync + 'static;
    /// One live link.
    type Connection: Connection;
    /// Why an attempt failed.
    type Error: ConnectError;

    /// Finds out where to dial.
    fn address(&mut self) -> impl Future<Output = Result<Self::Address, Self::Error>> + Send;

    /// Dials `address`. Dropped if the owner closes in the meantime, so it must be cancel-safe.
    fn connect(
        &mut self,
        address: &Self::Address,
    ) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;
}

/// One live link: a cheap handle to it.
pub trait Connection: Clone + Send + Sync + 'static {
    /// Why the link ended.
    type Cause: Display + Debug + Clone + Send + Sync + 'static;

    /// Resolves when the link has ended, from either side; at once if it has already ended. Cancel-safe.
    fn closed(&self) -> impl Future<Output = Self::Cause> + Send;

    /// Ends the link and resolves when its resources are released. Calling it again waits for the same end.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
