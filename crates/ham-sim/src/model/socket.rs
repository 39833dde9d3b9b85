//! One socket of an interface, from its upgrade to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use holochain_conductor_api::AppAuthenticationRequest;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

use super::conductor::Conductor;
use super::store::Status;
use super::{admin, answer, app, wire};
use crate::net::End;

/// How long a client may take to upgrade, and to authenticate (`interface/websocket.rs`).
const PATIENCE: Duration = Duration::from_secs(10);
/// The most requests in process; beyond that the socket is not read, pings included (`interface/websocket.rs:33`).
const AT_ONCE: usize = 128;
/// How often a conductor pings every socket.
const PING: Duration = Duration::from_secs(5);
/// The largest frame that it reads.
const LARGEST: usize = 16 << 20;
/// Frames that wait for a socket.
const WAITING: usize = 512;

/// Serves one socket until it ends. A socket of an app interface has a window, which its client promises to respect.
pub(super) async fn serve(conductor: &Arc<Conductor>, number: u32, window: Option<usize>, end: End) {
    let admin = window.is_none();
    let limits = WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .max_message_size(Some(LARGEST))
        .max_frame_size(Some(LARGEST));
    let upgraded = timeout(PATIENCE, accept_async_with_config(end, Some(limits))).await;
    let Ok(Ok(mut socket)) = upgraded else { return };
    if !admin && timeout(PATIENCE, authenticate(conductor, &mut socket)).await != Ok(true) {
        return;
    }
    let (out, frames) = mpsc::channel(WAITING);
    if !admin {
        conductor.subscribe(number, out.clone());
    }
    let (sink, stream) = socket.split();
    tokio::select! {
        biased;
        () = read(conductor, number, window, stream, out) => {}
        () = write(sink, frames) => {}
    }
}

/// The first message of an app socket: a token that is valid for it, once.
async fn authenticate(conductor: &Conductor, socket: &mut WebSocketStream<End>) -> bool {
    let Some(Ok(Message::Binary(frame))) = socket.next().await else { return false };
    let Some(request) = wire::read(&frame).filter(|request| request.kind == "authenticate") else {
        return false;
    };
    let Ok(asked) = rmp_serde::from_slice::<AppAuthenticationRequest>(&request.data) else { return false };
    let mut state = conductor.lock();
    let good = state.tokens.remove(&asked.token).is_some_and(|expires| expires > Instant::now());
    good && state.store.status != Status::Gone
}

async fn read(
    conductor: &Arc<Conductor>,
    number: u32,
    window: Option<usize>,
    mut stream: impl futures_util::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
    out: mpsc::Sender<Bytes>,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let frame = match stream.next().await {
            Some(Ok(Message::Binary(frame))) => frame,
            Some(Ok(_)) => continue,
            Some(Err(_)) | None => return,
        };
        let Some((id, request)) = wire::read(&frame).and_then(|request| Some((request.id?, request))) else {
            continue;
        };
        let in_process = AT_ONCE - places.available_permits();
        // The probe has a place of its own.
        if window.is_some_and(|window| in_process > window + 1) {
            conductor.world.broken("I13", format!("{in_process} requests are in process on socket {number}"));
        }
        let (conductor_of_it, out) = (Arc::clone(conductor), out.clone());
        conductor.spawn(async move {
            let conductor = conductor_of_it;
            conductor.thaw().await;
            let answered = match window.is_none() {
                true => admin::answer(&conductor, number, &request.data).await,
                false => app::answer(&conductor, number, &request.data).await,
            };
            let sent = answer::send(&conductor, id, answered, &out).await;
            match sent {
                true => drop(place),
                // A request that is never answered stays in process for ever.
                false => {
                    conductor.withhold(number);
                    place.forget();
                }
            }
        });
    }
}

async fn write(
    mut sink: impl futures_util::Sink<Message, Error = tokio_tungstenite::tungstenite::Error> + Unpin,
    mut frames: mpsc::Receiver<Bytes>,
) {
    let mut ping = Instant::now() + PING;
    loop {
        let message = tokio::select! {
            biased;
            frame = frames.recv() => match frame {
                Some(frame) => Message::Binary(frame),
                None => return,
            },
            () = tokio::time::sleep_until(ping) => {
                ping = Instant::now() + PING;
                Message::Ping(Bytes::new())
            }
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

impl Conductor {
    /// Waits as long as it answers nothing.
    async fn thaw(&self) {
        let until = self.lock().frozen_until;
        if until > Instant::now() {
            tokio::time::sleep_until(until).await;
        }
    }
}
