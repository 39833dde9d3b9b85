//! The one way to get from a persistent connection to a live link.

use std::time::Duration;

use ham_persistent::{Connector, Persistent};
use tokio::time::Instant;

use crate::link::Link;
use crate::protocol::Protocol;

/// Why there is no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLink {
    /// The persistent connection is closed: there will be no link.
    #[error("the connection is closed")]
    Closed,
    /// None came up in time.
    #[error("no link within {after:?}")]
    TimedOut {
        /// How long the caller waited.
        after: Duration,
    },
}

/// Resolves with a live link: at once if there is one, else as soon as one comes up.
///
/// The engine learns that a link has ended a moment after the link does, so its current one can be dead. This asks the link itself.
/// Callers that wait get the link in the order in which they began to: first come, first served.
///
/// # Errors
/// [`NoLink::Closed`] and [`NoLink::TimedOut`].
///
/// # Cancel safety
/// Cancel-safe: it only watches.
pub async fn live_link<C, P>(persistent: &Persistent<C>, deadline: Instant) -> Result<Link<P>, NoLink>
where
    C: Connector<Connection = Link<P>>,
    P: Protocol,
{
    let current = || persistent.current_connection().filter(Link::takes_requests);
    // Nearly always there is one, and then there is nothing to watch.
    if let Some(link) = current() {
        return Ok(link);
    }
    let began = Instant::now();
    loop {
        let turned = persistent.turned();
        if let Some(link) = current() {
            return Ok(link);
        }
        if persistent.is_closed() {
            return Err(NoLink::Closed);
        }
        if tokio::time::timeout_at(deadline, turned).await.is_err() {
            return Err(NoLink::TimedOut { after: began.elapsed() });
        }
    }
}
