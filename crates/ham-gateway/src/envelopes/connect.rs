//! One connection, from the upgrade to its end.

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use ham_envelope::{HandlerQueue, ServerConfig, serve_upgraded};
use ham_feed::server::Subscription;
use http::header;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_util::sync::CancellationToken;

use super::exchange::Exchange;
use super::handler::EnvelopeHandler;
use super::push;
use crate::auth::{Identity, Scope, may_any};
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::life::Life;
use crate::problem::Problem;

/// Upgrades the request of a caller that may call or follow something.
#[expect(
    clippy::disallowed_methods,
    reason = "one task a connection, which ends with its socket, its key or the gateway"
)]
pub(super) fn connect(
    gateway: &Arc<Gateway>,
    identity: Arc<Identity>,
    exchange: Exchange,
    mut request: Request,
) -> Result<Response, Problem> {
    may_any(&identity, &[Scope::Calls, Scope::AllCalls, Scope::Feed])?;
    let asked = request.headers().get(header::UPGRADE);
    if !asked.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Err(Problem::new(Kind::UpgradeRequired, "the request asks for no WebSocket"));
    }
    let response = create_response_with_body(&request, Body::empty).map_err(|error| {
        Problem::new(Kind::BadRequest, format!("the WebSocket cannot be opened: {error}"))
    })?;
    let upgrade = request
        .extensions_mut()
        .remove::<OnUpgrade>()
        .ok_or_else(|| Problem::new(Kind::BadRequest, "this address is for WebSockets, over HTTP/1.1"))?;
    // Its place among the connections of its key; it ends when that is revoked.
    let subscription = gateway.feed.subscription(&identity, "envelopes")?;
    let (gateway, may_follow) = (Arc::clone(gateway), identity.may(Scope::Feed));
    let exchange = exchange.of(identity);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            serve(TokioIo::new(upgraded), &gateway, exchange, may_follow, subscription).await;
        }
    });
    Ok(response)
}

async fn serve(
    io: TokioIo<hyper::upgrade::Upgraded>,
    gateway: &Gateway,
    exchange: Exchange,
    may_follow: bool,
    subscription: Subscription,
) {
    let mut config = ServerConfig::default();
    config.queue = HandlerQueue::default().with_items(WAITING);
    config.session = config.session.with_drain_timeout(gateway.live().config.limits.drain);
    let stop = CancellationToken::new();
    let (asks, wanted) = mpsc::channel(WANTED);
    let handler = EnvelopeHandler::new(exchange, may_follow, asks);
    let mut life = gateway.life();
    let serving = serve_upgraded(io, handler, &config, stop.clone());
    let pushing = push::push(subscription, wanted);
    tokio::pin!(serving, pushing);
    let mut pushes = true;
    loop {
        // The end of the connection first: after that there is nobody to push to.
        tokio::select! {
            biased;
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(event = "gateway.envelopes", %error, "a connection became no link");
                }
                return;
            }
            () = pushing.as_mut(), if pushes => {
                pushes = false;
                stop.cancel();
            }
            () = life.reaches(Life::Draining), if !stop.is_cancelled() => stop.cancel(),
        }
    }
}

/// Envelopes that wait while sixteen are being answered.
const WAITING: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");
/// Subscriptions that wait to be made.
const WANTED: usize = 16;
