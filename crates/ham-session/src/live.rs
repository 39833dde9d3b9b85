//! From an upgraded socket to a live link: what dialling and accepting have in common.

use std::sync::Arc;

use crate::budget::{Budget, Late};
use crate::config::SessionConfig;
use crate::error::{AcceptError, DialError, DialPhase, HandshakeError, LinkEnd, RequestError};
use crate::events;
use crate::inbox::Inbox;
use crate::link::Link;
use crate::pending::{Bounds, Pending};
use crate::protocol::Protocol;
use crate::pump::Pump;
use crate::shared::Shared;
use crate::transport::{HandshakeIo, Transport};

/// Why an upgraded socket did not become a link.
pub(crate) enum NotLive {
    Encode(String),
    Ended(Arc<LinkEnd>),
    Handshake(HandshakeError),
    Late(Late),
}

impl NotLive {
    /// As an error of a dial or of an accept.
    fn told<E>(
        self,
        late: impl FnOnce(Late) -> E,
        handshake: impl FnOnce(HandshakeError) -> E,
        ended: impl FnOnce(Arc<LinkEnd>) -> E,
        encode: impl FnOnce(String) -> E,
    ) -> E {
        match self {
            Self::Encode(why) => encode(why),
            Self::Ended(end) => ended(end),
            Self::Handshake(error) => handshake(error),
            Self::Late(why) => late(why),
        }
    }
}

impl From<NotLive> for DialError {
    fn from(why: NotLive) -> Self {
        why.told(Self::from, Self::Handshake, Self::Ended, Self::Encode)
    }
}

impl From<NotLive> for AcceptError {
    fn from(why: NotLive) -> Self {
        why.told(Self::from, Self::Handshake, Self::Ended, Self::Encode)
    }
}

/// Does the protocol's handshake, starts the pump and waits until it has written the messages of `on_live`. The pump writes them, so
/// that answers are read meanwhile: a peer that answers each message before it reads the next would block both sides.
pub(crate) async fn go_live<P: Protocol>(
    mut transport: Transport,
    protocol: Arc<P>,
    inbox: Arc<dyn Inbox<P>>,
    config: &SessionConfig,
    budget: &Budget,
) -> Result<Link<P>, NotLive> {
    let handshake = async { protocol.handshake(&mut HandshakeIo::new(&mut transport)).await };
    let welcome = budget.spend(DialPhase::Handshake, handshake).await.map_err(NotLive::Late)?;
    let welcome = welcome.map_err(NotLive::Handshake)?;
    let mut pending = Pending::new(Bounds::of(config));
    let mut messages = protocol.on_live().into_iter().peekable();
    let mut written = None;
    while let Some(message) = messages.next() {
        let frame = protocol.encode(message).map_err(NotLive::Encode)?;
        if messages.peek().is_some() {
            pending.post_unbounded(frame);
        } else {
            written = Some(pending.send_unbounded(frame, budget.started, budget.deadline));
        }
    }
    let probes = protocol.probe().is_some();
    let shared = Arc::new(Shared::new(protocol, welcome, pending, config));
    let link = Link::new(Arc::clone(&shared));
    spawn(Pump::new(transport, &link, shared, inbox, config, probes));
    if let Some(written) = written {
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(RequestError::LinkLost { end, .. })) => return Err(NotLive::Ended(end)),
            Ok(Err(_)) | Err(_) => return Err(NotLive::Late(budget.exhausted(DialPhase::OnLive))),
        }
    }
    tracing::debug!(event = events::LIVE, link = link.id());
    Ok(link)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the only task of a link; it ends with the link, and when the last `Link` is dropped"
)]
fn spawn<P: Protocol>(pump: Pump<P>) {
    tokio::spawn(pump.run());
}
