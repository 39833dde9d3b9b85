//! One connection: requests are answered as they finish, a bounded number at a time, and signals go out between answers.

mod backlog;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use holochain_conductor_api::ExternalApiWireError;
use holochain_serialized_bytes::{self as bytes, SerializedBytesError};
use holochain_websocket::WireMessage;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::backlog::Backlog;
use super::reading::Reading;
use super::transport::{Frame, Frames, Sink, Socket};
use crate::decode::decode;

/// What comes in on a connection.
pub(super) struct Incoming {
    frames: Frames,
}

/// What goes out on it, one message after the other, from every holder of a copy.
#[derive(Clone)]
pub(super) struct Outgoing {
    queue: mpsc::Sender<Waiting>,
    /// For the bytes of waiting messages.
    room: Arc<Semaphore>,
}

/// A message that waits to be written, and the room that it takes.
struct Waiting {
    message: Vec<u8>,
    room: OwnedSemaphorePermit,
}

/// A connection whose handshake is done. `writer` must be polled for anything to go out.
pub(super) struct Connection<W> {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
    pub(super) writer: W,
}

/// Splits a connection into its parts.
pub(super) fn open(socket: Socket) -> Connection<impl Future<Output = ()> + Send> {
    let (frames, sink) = socket.split();
    let (sender, receiver) = mpsc::channel(QUEUE);
    let writer = write(sink, receiver, frames.reading().clone());
    let outgoing = Outgoing { queue: sender, room: Arc::new(Semaphore::new(QUEUED_BYTES)) };
    Connection { incoming: Incoming { frames }, outgoing, writer }
}

/// Writes what is there at once, until nobody can send any more, or the client takes nothing for too long or is gone. A client that
/// says that it leaves, or that met a bound, is told so, whatever is still being worked on for it.
async fn write(mut sink: Sink, mut queue: mpsc::Receiver<Waiting>, reading: Reading) {
    let gone = reading.ended();
    let mut ping = tokio::time::interval(PING_INTERVAL);
    ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let mut next = tokio::select! {
            () = gone.cancelled() => break,
            message = queue.recv() => match message {
                Some(waiting) => Some(waiting),
                None => break,
            },
            _ = ping.tick() => None,
        };
        let sending = async {
            if next.is_none() {
                sink.feed(Frame::Ping).await?;
            }
            let mut rooms = Vec::new();
            while let Some(Waiting { message, room }) = next.take().or_else(|| queue.try_recv().ok()) {
                sink.feed(Frame::Message(message)).await?;
                rooms.push(room);
            }
            sink.flush().await
        };
        match gone.run_until_cancelled(tokio::time::timeout(WRITE_PATIENCE, sending)).await {
            None => break,
            Some(Ok(Ok(()))) => {}
            Some(_) => {
                gone.cancel();
                return;
            }
        }
    }
    // Whether it notices is up to the client.
    let _ = tokio::time::timeout(WRITE_PATIENCE, sink.close(reading.refusal())).await;
}

impl Incoming {
    /// The token with which a connection begins; `None` if it begins with something else.
    pub(super) async fn token(&mut self) -> Option<Vec<u8>> {
        match self.next().await {
            Some(Ok(WireMessage::Authenticate { data })) => Some(data),
            _ => None,
        }
    }

    /// The next message, or why what came is not a message; `None` when the client is gone.
    async fn next(&mut self) -> Option<Result<WireMessage, SerializedBytesError>> {
        let Some(frame) = self.frames.next().await else {
            self.frames.reading().ended().cancel();
            return None;
        };
        Some(decode(&frame))
    }

    /// Reads on from a client that met a bound, for as long as it is listened to: unread data would keep it from reading the reason.
    async fn linger(mut self) {
        if self.frames.reading().refusal().is_some() {
            while self.frames.next().await.is_some() {}
        }
    }

    /// Answers requests of a client that is now known, until it leaves or `stop` is cancelled; `refuse` makes the answer to one that
    /// cannot be `read`. After that, requests under way run to their end, and nothing more begins; `None` is not answered.
    pub(super) async fn answer<Q, A, F>(
        mut self,
        outgoing: Outgoing,
        stop: CancellationToken,
        tasks: TaskTracker,
        read: impl Fn(&[u8]) -> Option<Q> + Send + Sync + 'static,
        refuse: fn(ExternalApiWireError) -> A,
        handle: impl Fn(Q) -> F + Send + Sync + 'static,
    ) where
        Q: Send + 'static,
        A: Serialize + std::fmt::Debug + Send + 'static,
        F: Future<Output = Option<A>> + Send + 'static,
    {
        self.frames.reading().make_known();
        let (places, turns) = (Arc::new(Semaphore::new(CONCURRENT_REQUESTS)), self.frames.turns().clone());
        let (read, handle) = (Arc::new(read), Arc::new(handle));
        let ended = self.frames.reading().ended().clone();
        let (mut stopped, mut gone) = (pin!(stop.cancelled()), pin!(ended.cancelled()));
        let mut backlog = Backlog::default();
        loop {
            let Some((id, data)) = backlog.pop() else {
                tokio::select! {
                    () = &mut stopped => return,
                    () = &mut gone => return self.linger().await,
                    Some(message) = self.next() => backlog.push(message),
                }
                continue;
            };
            // Reading goes on meanwhile: that a client leaves is seen after what it sent before.
            let mut begins = pin!(async { (Arc::clone(&places).acquire_owned().await, turns.next().await) });
            let (place, turn) = loop {
                tokio::select! {
                    biased;
                    () = &mut stopped => return,
                    () = &mut gone => return self.linger().await,
                    begins = &mut begins => break begins,
                    Some(message) = self.next(), if backlog.has_room() => backlog.push(message),
                }
            };
            let (outgoing, read, handle) = (outgoing.clone(), Arc::clone(&read), Arc::clone(&handle));
            tasks.spawn(async move {
                let answer = async {
                    match read(&data) {
                        Some(request) => handle(request).await,
                        None => Some(refuse(malformed())),
                    }
                };
                let answer = answered(answer, refuse).await;
                drop(turn);
                if let Some(data) = answer {
                    outgoing.send(&WireMessage::Response { id, data: Some(data) }).await;
                }
                drop(place);
            });
        }
    }
}

impl Outgoing {
    /// Returns whether it is on its way; the client may be gone.
    pub(super) async fn signal(&self, signal: &(impl Serialize + std::fmt::Debug)) -> bool {
        match encode(signal) {
            Some(data) => self.send(&WireMessage::Signal { data }).await,
            None => true,
        }
    }

    async fn send(&self, message: &WireMessage) -> bool {
        let Some(message) = encode(message) else { return true };
        let bytes = u32::try_from(message.len().min(QUEUED_BYTES)).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(bytes).await else { return false };
        self.queue.send(Waiting { message, room }).await.is_ok()
    }
}

/// A message that cannot be encoded is logged; there is nothing else to tell a client.
fn encode(message: &(impl Serialize + std::fmt::Debug)) -> Option<Vec<u8>> {
    let encoded = bytes::encode(message);
    encoded.inspect_err(|error| tracing::error!(%error, "a message could not be encoded")).ok()
}

/// The text says nothing about the request, which may hold a secret.
fn malformed() -> ExternalApiWireError {
    ExternalApiWireError::Deserialization("Failed to deserialize request".to_owned())
}

/// The result of `answer`, encoded. A panic on the way is an error of this request, and of no other.
async fn answered<A: Serialize + std::fmt::Debug>(
    answer: impl Future<Output = Option<A>>,
    refuse: fn(ExternalApiWireError) -> A,
) -> Option<Vec<u8>> {
    let encoded = async { encode(&answer.await?) };
    AssertUnwindSafe(encoded).catch_unwind().await.unwrap_or_else(|_| {
        let text = "Answering this request panicked; the conductor's log says where";
        tracing::error!("answering a request panicked");
        encode(&refuse(ExternalApiWireError::InternalError(text.to_owned())))
    })
}

/// How many requests of one connection are worked on at a time, as in `holochain` 0.7.1.
const CONCURRENT_REQUESTS: usize = 128;

/// How many messages wait to be written, and their bytes; more wait where they are made. A message of the largest size is admitted alone.
const QUEUE: usize = 128;
const QUEUED_BYTES: usize = 64 << 20;

/// How often a silent client is asked for a sign of life, as in `holochain` 0.7.1.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// How long a client may accept nothing of what is sent to it, as in `holochain` 0.7.1.
const WRITE_PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
