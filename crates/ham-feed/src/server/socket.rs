//! One connection, from the upgrade to its end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::ORIGIN;
use axum::response::{IntoResponse as _, Response};
use ham_persistent::later;
use ham_session::{LossyReceiver, Received};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, interval_at, sleep_until};

use super::hub::{Hub, Seat};
use super::websocket::{self, Error, GOING_AWAY, Heard, Socket, Utf8Bytes};
use super::wire::{self, ClientRequest, decode_request};

/// The query of a request.
#[derive(Deserialize)]
pub(super) struct Admission {
    token: Option<String>,
}

/// `GET /ws`: 403 for the page of another site, 401 without a valid token, 503 without a place, else the feed.
#[expect(
    clippy::disallowed_methods,
    reason = "one task a connection, which ends with its socket or with `shutdown`"
)]
pub(super) async fn upgrade(
    State(hub): State<Arc<Hub>>,
    Query(admission): Query<Admission>,
    mut request: Request,
) -> Response {
    let config = &hub.config;
    if !request.headers().get_all(ORIGIN).iter().all(|origin| config.allows(origin.to_str().ok())) {
        return (StatusCode::FORBIDDEN, "pages of this origin are not let in\n").into_response();
    }
    if !config.admits(admission.token.as_deref()) {
        return (StatusCode::UNAUTHORIZED, "a valid token is needed: ?token=…\n").into_response();
    }
    let Some((seat, queue)) = hub.seat() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "there is no place for another connection\n")
            .into_response();
    };
    let (response, upgrade) = match websocket::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(status) => return (status, "a WebSocket is needed here\n").into_response(),
    };
    let limit = config.max_request_size;
    tokio::spawn(async move {
        if let Ok(socket) = Socket::open(upgrade, limit).await {
            Connection { socket, seat, queue }.serve().await;
        }
    });
    response
}

/// `GET /ws/status`. Where tokens are asked for, the names of the chains are told to who has one.
pub(super) async fn status(State(hub): State<Arc<Hub>>, Query(admission): Query<Admission>) -> Json<Value> {
    let mut stats = json!({
        "total_connections": hub.connections(),
        "max_connections": hub.config.max_connections,
    });
    if hub.config.admits(admission.token.as_deref()) {
        stats["chains"] = json!(hub.counts());
    }
    Json(json!({ "status": "running", "stats": stats }))
}

struct Connection {
    socket: Socket,
    seat: Seat,
    queue: LossyReceiver<Utf8Bytes>,
}

/// What a connection does next.
enum Next {
    Close,
    Hear(Heard),
    Ping,
    Say(Received<Utf8Bytes>),
    Gone,
}

impl Connection {
    /// Serves until the client leaves, stops answering, or the server closes.
    async fn serve(mut self) {
        let (interval, patience) = (self.seat.hub.config.ping_interval, self.seat.hub.config.ping_timeout);
        let mut closing = pin!(self.seat.hub.closing.clone().cancelled_owned());
        let mut pings = interval_at(later(Instant::now(), interval), interval);
        // Set while a ping is unanswered.
        let mut dead_at: Option<Instant> = None;
        loop {
            let next = tokio::select! {
                // Closing and the timers first: a flood in either direction must not hide them. What the client says
                // comes before what it is told, so that an unsubscription is heard while the feed is busy; a client that
                // floods starves nobody but itself.
                biased;
                () = &mut closing => Next::Close,
                () = sleep_until(dead_at.unwrap_or_else(Instant::now)), if dead_at.is_some() => Next::Gone,
                _ = pings.tick(), if dead_at.is_none() => Next::Ping,
                heard = self.socket.hear() => Next::Hear(heard),
                Some(said) = self.queue.next() => Next::Say(said),
            };
            let alive = match next {
                Next::Close => {
                    return until(patience, self.socket.close(GOING_AWAY, "the server stops")).await;
                }
                Next::Gone | Next::Hear(Heard::Gone) => false,
                Next::Hear(Heard::Close) => return until(patience, self.socket.finish()).await,
                Next::Hear(Heard::Violation(code)) => {
                    return until(patience, self.socket.abort(code)).await;
                }
                Next::Hear(heard) => {
                    // Whatever it says, it is there.
                    dead_at = None;
                    match heard {
                        Heard::Text(text) => self.answer(&text),
                        Heard::Binary => self.seat.tell(wire::error("messages are text")),
                        _ => {}
                    }
                    true
                }
                Next::Ping => {
                    dead_at = Some(later(Instant::now(), patience));
                    within(patience, self.socket.ping()).await
                }
                Next::Say(said) => within(patience, self.say(said)).await,
            };
            if !alive {
                return;
            }
        }
    }

    fn answer(&mut self, text: &str) {
        let done = decode_request(text).and_then(|request| match request {
            ClientRequest::Ping => {
                let now = self.seat.hub.config.clock.now();
                self.seat.tell(wire::pong(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()));
                Ok(())
            }
            ClientRequest::Subscribe { chain_name, event_type } => {
                self.seat.subscribe(chain_name, event_type)
            }
            ClientRequest::Unsubscribe { chain_name } => {
                self.seat.unsubscribe(&chain_name);
                Ok(())
            }
        });
        if let Err(why) = done {
            self.seat.tell(wire::error(&why));
        }
    }

    /// Writes this and what waits behind it, and flushes once: a write of the socket costs more than all the rest of a
    /// delivery.
    async fn say(&mut self, first: Received<Utf8Bytes>) -> Result<(), Error> {
        let (mut next, mut written) = (Some(first), 0);
        while let Some(said) = next {
            let text = match said {
                Received::Item(text) => text,
                Received::Missed(missed) => {
                    wire::error(&format!("lagged: {missed} messages were dropped")).into()
                }
            };
            written += text.len();
            self.socket.feed(text).await?;
            next = if written < WRITE_BURST { self.queue.try_next() } else { None };
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

/// Messages are written together up to this many bytes: some sixty blocks. Each connection that was busy keeps a buffer of
/// that size, and the client is not heard meanwhile.
const WRITE_BURST: usize = 8 << 10;
