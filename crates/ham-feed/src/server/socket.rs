//! One connection, from the upgrade to its end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::SinkExt as _;
use ham_persistent::later;
use ham_session::{LossyReceiver, Received};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, interval_at, sleep_until};

use super::hub::{Hub, Seat};
use super::wire::{self, ClientRequest, decode_request};

/// The query of the upgrade.
#[derive(Deserialize)]
pub(super) struct Admission {
    token: Option<String>,
}

/// `GET /ws`: 401 without a valid token, 503 without a place, else the feed.
pub(super) async fn upgrade(
    State(hub): State<Arc<Hub>>,
    Query(admission): Query<Admission>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !hub.config.admits(admission.token.as_deref()) {
        return (StatusCode::UNAUTHORIZED, "a valid token is needed: ?token=…\n").into_response();
    }
    let Some((seat, queue)) = hub.seat() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "there is no place for another connection\n")
            .into_response();
    };
    let limit = hub.config.max_request_size;
    upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| async move { Connection { socket, seat, queue }.serve().await })
}

/// `GET /ws/status`.
pub(super) async fn status(State(hub): State<Arc<Hub>>) -> Json<Value> {
    Json(json!({
        "status": "running",
        "stats": {
            "total_connections": hub.connections(),
            "max_connections": hub.config.max_connections,
            "chains": hub.counts(),
        },
    }))
}

struct Connection {
    socket: WebSocket,
    seat: Seat,
    queue: LossyReceiver<Utf8Bytes>,
}

/// What a connection does next.
enum Next {
    Close,
    Hear(Message),
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
                heard = self.socket.recv() => heard.and_then(Result::ok).map_or(Next::Gone, Next::Hear),
                Some(said) = self.queue.next() => Next::Say(said),
            };
            let alive = match next {
                Next::Close => return self.close(patience).await,
                Next::Gone => false,
                Next::Hear(message) => {
                    // Whatever it says, it is there.
                    dead_at = None;
                    self.hear(&message)
                }
                Next::Ping => {
                    dead_at = Some(later(Instant::now(), patience));
                    self.write(Message::Ping(Vec::new().into()), patience).await
                }
                Next::Say(said) => within(patience, self.say(said)).await,
            };
            if !alive {
                return;
            }
        }
    }

    /// Whether the client is still there.
    fn hear(&mut self, message: &Message) -> bool {
        match message {
            Message::Text(text) => self.answer(text),
            Message::Binary(_) => self.seat.tell(wire::error("messages are text")),
            Message::Close(_) => return false,
            Message::Ping(_) | Message::Pong(_) => {}
        }
        true
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
    async fn say(&mut self, first: Received<Utf8Bytes>) -> Result<(), axum::Error> {
        let (mut next, mut written) = (Some(first), 0);
        while let Some(said) = next {
            let text = match said {
                Received::Item(text) => text,
                Received::Missed(missed) => {
                    wire::error(&format!("lagged: {missed} messages were dropped")).into()
                }
            };
            written += text.len();
            self.socket.feed(Message::Text(text)).await?;
            next = if written < WRITE_BURST { self.queue.try_next() } else { None };
        }
        self.socket.flush().await
    }

    /// Whether the socket took it in time.
    async fn write(&mut self, message: Message, patience: Duration) -> bool {
        within(patience, self.socket.send(message)).await
    }

    async fn close(mut self, patience: Duration) {
        let frame = CloseFrame { code: close_code::AWAY, reason: "the server stops".into() };
        if self.write(Message::Close(Some(frame)), patience).await {
            // The client's own close frame ends the handshake; what it says before is of no use any more.
            within(patience, async {
                while let Some(Ok(_)) = self.socket.recv().await {}
                Ok::<_, ()>(())
            })
            .await;
        }
    }
}

async fn within<E>(patience: Duration, work: impl Future<Output = Result<(), E>>) -> bool {
    matches!(tokio::time::timeout(patience, work).await, Ok(Ok(())))
}

/// Bytes that are read at a time. Requests are short, and each connection has a buffer of its own.
const READ_BUFFER: usize = 4 << 10;

/// Messages are written together up to this many bytes: some sixty blocks. Each connection that was busy keeps a buffer of
/// that size, and the client is not heard meanwhile.
const WRITE_BURST: usize = 8 << 10;
