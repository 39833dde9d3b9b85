//! One connection, from the upgrade to its end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::ORIGIN;
use axum::response::{IntoResponse as _, Response};
use ham_persistent::later;
use serde_json::{Value, json};
use tokio::time::{Instant, interval_at, sleep_until};

use super::goodbye::Goodbye;
use super::guest::Guest;
use super::hub::Hub;
use super::subscription::Subscription;
use super::table::Outbound;
use super::websocket::{self, Error, Inbound, Socket};
use super::wire::{self, ClientRequest, decode_request};

/// `GET /ws`: 403 for a page of another site, the admission's answer for a client that is not admitted (401 without a valid token),
/// 503 if there is no place, else the feed.
pub(super) async fn admit(State(hub): State<Arc<Hub>>, request: Request) -> Response {
    let config = &hub.config;
    if !request.headers().get_all(ORIGIN).iter().all(|origin| config.allows(origin.to_str().ok())) {
        return (StatusCode::FORBIDDEN, "pages of this origin are not allowed\n").into_response();
    }
    let (parts, body) = request.into_parts();
    match config.admit(&parts) {
        Ok(guest) => upgrade(&hub, guest, Request::from_parts(parts, body)),
        Err(StatusCode::UNAUTHORIZED) => {
            (StatusCode::UNAUTHORIZED, "a valid token is needed: ?token=…\n").into_response()
        }
        Err(status) => status.into_response(),
    }
}

/// The feed for a client that was admitted.
#[expect(
    clippy::disallowed_methods,
    reason = "one task a connection, which ends with its socket or with `shutdown`"
)]
pub(super) fn upgrade(hub: &Arc<Hub>, guest: Guest, mut request: Request) -> Response {
    let Some(subscription) = Subscription::new(Arc::clone(hub), guest) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "there is no room for another connection\n")
            .into_response();
    };
    let (response, upgrade) = match websocket::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(status) => return (status, "a WebSocket is needed here\n").into_response(),
    };
    let limit = hub.config.max_request_size;
    tokio::spawn(async move {
        if let Ok(socket) = Socket::open(upgrade, limit).await {
            Connection { socket, subscription }.serve().await;
        }
    });
    response
}

/// `GET /ws/status`. An admitted client is told the names of the chains that it may follow.
pub(super) async fn status(State(hub): State<Arc<Hub>>, request: Request) -> Json<Value> {
    let guest = hub.config.admit(&request.into_parts().0).ok();
    Json(status_json(&hub, guest.as_ref()))
}

pub(super) fn status_json(hub: &Hub, guest: Option<&Guest>) -> Value {
    let mut stats = json!({
        "total_connections": hub.connections(),
        "max_connections": hub.config.max_connections,
    });
    if let Some(guest) = guest {
        stats["chains"] = json!(hub.table().counts(|chain_name| guest.may_follow(chain_name)));
    }
    json!({ "status": "running", "stats": stats })
}

struct Connection {
    socket: Socket,
    subscription: Subscription,
}

/// What a connection does next.
enum Next {
    Close(Goodbye),
    Receive(Inbound),
    Ping,
    Send(Outbound),
    Gone,
}

impl Connection {
    /// Serves until the client leaves or stops answering, or the server closes.
    async fn serve(mut self) {
        let config = &self.subscription.hub().config;
        let (interval, patience) = (config.ping_interval, config.ping_timeout);
        let close_signal = self.subscription.close_signal();
        let mut closed = pin!(close_signal.closed());
        let mut pings = interval_at(later(Instant::now(), interval), interval);
        // Set while a ping is unanswered.
        let mut dead_at: Option<Instant> = None;
        loop {
            let next = tokio::select! {
                // Closing and the timers first: a flood in either direction must not hide them. What the client says comes before
                // what it is told, so that an unsubscription is heard while the feed is busy; a client that floods starves nobody but itself.
                biased;
                goodbye = &mut closed => Next::Close(goodbye),
                () = sleep_until(dead_at.unwrap_or_else(Instant::now)), if dead_at.is_some() => Next::Gone,
                _ = pings.tick(), if dead_at.is_none() => Next::Ping,
                inbound = self.socket.recv() => Next::Receive(inbound),
                Some(outbound) = self.subscription.next_outbound() => Next::Send(outbound),
            };
            let alive = match next {
                Next::Close(goodbye) => return until(patience, self.close(goodbye)).await,
                Next::Gone | Next::Receive(Inbound::Gone) => false,
                Next::Receive(Inbound::Close) => return until(patience, self.socket.finish()).await,
                Next::Receive(Inbound::Violation(code)) => {
                    return until(patience, self.socket.abort(code)).await;
                }
                Next::Receive(inbound) => {
                    // Whatever it says, it is there.
                    dead_at = None;
                    match inbound {
                        Inbound::Text(text) => self.answer(&text),
                        Inbound::Binary => self.subscription.tell(wire::error("messages are text")),
                        _ => {}
                    }
                    true
                }
                Next::Ping => {
                    dead_at = Some(later(Instant::now(), patience));
                    within(patience, self.socket.ping()).await
                }
                Next::Send(outbound) => within(patience, self.send(outbound)).await,
            };
            if !alive {
                return;
            }
        }
    }

    /// Writes what waits, unless it is no longer for this client, and closes.
    async fn close(mut self, goodbye: Goodbye) {
        while goodbye != Goodbye::Revoked
            && let Some(outbound) = self.subscription.try_next_outbound()
        {
            if self.send(outbound).await.is_err() {
                return;
            }
        }
        let (code, reason) = goodbye.close_frame();
        self.socket.close(code, reason).await;
    }

    fn answer(&mut self, text: &str) {
        let done = decode_request(text).and_then(|request| match request {
            ClientRequest::Ping => {
                self.subscription.pong();
                Ok(())
            }
            ClientRequest::Subscribe { chain_name, event_type, since } => {
                self.subscription.add(&chain_name, event_type.as_deref(), &since).map(|_| ())
            }
            ClientRequest::Unsubscribe { chain_name } => {
                self.subscription.remove(&chain_name);
                Ok(())
            }
        });
        if let Err(why) = done {
            self.subscription.tell(wire::error(&why));
        }
    }

    /// Writes this and what waits behind it, and flushes once: a socket write costs more than the rest of a delivery together.
    async fn send(&mut self, first: Outbound) -> Result<(), Error> {
        let (mut next, mut written) = (Some(first), 0);
        while let Some(outbound) = next {
            let text = match outbound {
                Outbound::News(news) => news.share(),
                Outbound::Text(text) => text,
            };
            written += text.len();
            self.socket.feed(text).await?;
            next = if written < WRITE_BURST { self.subscription.try_next_outbound() } else { None };
        }
        self.socket.flush().await
    }
}

/// Waits for the end of a connection, within bounds.
async fn until(patience: Duration, end: impl Future<Output = ()>) {
    let _ = tokio::time::timeout(patience, end).await;
}

/// Whether the socket took it in time.
async fn within<E>(patience: Duration, work: impl Future<Output = Result<(), E>>) -> bool {
    matches!(tokio::time::timeout(patience, work).await, Ok(Ok(())))
}

/// Messages are written together up to this many bytes: some sixty blocks. Each connection that was busy keeps a buffer of that size,
/// and the client is not heard meanwhile.
const WRITE_BURST: usize = 8 << 10;
