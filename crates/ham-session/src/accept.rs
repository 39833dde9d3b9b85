//! Turns a byte stream that someone else opened into a live link.

use std::sync::Arc;

use crate::budget::Budget;
use crate::config::SessionConfig;
use crate::error::{AcceptError, DialPhase};
use crate::gate::Gate;
use crate::inbox::Inbox;
use crate::link::Link;
use crate::live::go_live;
use crate::network::Io;
use crate::protocol::Protocol;
use crate::transport::Transport;

/// The other end of [`dial`](crate::dial()): reads the WebSocket request from a byte stream that was just opened, answers it if
/// `gate` admits it, and resolves with a live link, with the same pump, bounds and guarantees as a dialled one. Then
/// [`Protocol::handshake`] runs, which is the server's part here, and the messages of [`Protocol::on_live`] are written. All of it is
/// bounded by [`SessionConfig::connect_timeout`]; a slower stream is closed.
///
/// The stream is TCP with `TCP_NODELAY`, or TLS over it: [`SessionConfig::tls`] and [`network`](SessionConfig::network) are for the
/// dialling side. Extensions and subprotocols are never agreed on.
///
/// # Errors
/// [`AcceptError`] names what went wrong. A refused peer has been answered with a status.
///
/// # Cancel safety
/// Dropping the future closes the stream; if a pump was already started, it ends.
pub async fn accept<P: Protocol>(
    io: impl Io + 'static,
    gate: &Gate,
    protocol: Arc<P>,
    inbox: Arc<dyn Inbox<P>>,
    config: &SessionConfig,
) -> Result<Link<P>, AcceptError> {
    let budget = Budget::new(config);
    let transport = budget.spend(DialPhase::Upgrade, Transport::accept(Box::new(io), gate, config)).await??;
    Ok(go_live(transport, protocol, inbox, config, &budget).await?)
}

/// [`accept`](accept()) for a stream that an HTTP server has already upgraded: it has answered the request, so there is nothing left
/// to refuse, and only frames follow on the stream.
///
/// # Errors
/// [`AcceptError`], without those of the upgrade.
///
/// # Cancel safety
/// As [`accept`](accept()).
pub async fn accept_upgraded<P: Protocol>(
    io: impl Io + 'static,
    protocol: Arc<P>,
    inbox: Arc<dyn Inbox<P>>,
    config: &SessionConfig,
) -> Result<Link<P>, AcceptError> {
    let budget = Budget::new(config);
    let transport = Transport::upgraded(Box::new(io), Vec::new(), config).await;
    Ok(go_live(transport, protocol, inbox, config, &budget).await?)
}
