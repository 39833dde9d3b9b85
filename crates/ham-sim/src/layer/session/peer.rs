//! The peer: it echoes late, twice, never or out of order; reads or does not; closes, resets, vanishes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::event::{Happened, PeerReceived, PeerSent};
use super::life::{Answer, How, PeerAction, What};
use super::protocol::{
    ANSWER, ASK, ELSEWHERE, HELLO, KEEPALIVE, PROBE, PUSH, SimMessage, UNREADABLE, VIOLATION,
};
use super::stage::Stage;
use super::world::{Upgrade, Welcome};
use crate::net::{Cut, Dialled, End, Severed};
use crate::time::{pause, yields};

type Socket = WebSocketStream<End>;

/// What the writer is to write, and the place that this frees.
struct Outgoing {
    message: Message,
    wrote: Option<PeerSent>,
}

/// Serves one stream until it ends.
pub(super) async fn serve(stage: Stage, dialled: Dialled) {
    let Dialled { end, cut, .. } = dialled;
    if let Some(socket) = upgrade(&stage, end).await {
        let (out, frames) = mpsc::channel(WAITING);
        let (sink, stream) = socket.split();
        let mut tasks = JoinSet::new();
        for action in stage.life.peer_actions() {
            tasks.spawn(act(stage.clone(), action, cut.clone(), out.clone()));
        }
        tokio::select! {
            // Reading first; both run until the stream is over.
            biased;
            () = read(&stage, stream, out, &mut tasks) => {}
            () = write(&stage, sink, frames) => {}
        }
    }
    stage.note(Happened::PeerEnded);
}

async fn upgrade(stage: &Stage, end: End) -> Option<Socket> {
    let status = match stage.life.world.upgrade {
        Upgrade::After(time) => {
            pause(time).await;
            None
        }
        Upgrade::Never => {
            // Holds the stream and says nothing; the end of the life ends it.
            std::future::pending::<()>().await;
            None
        }
        Upgrade::Status(status) => Some(status),
    };
    #[expect(clippy::result_large_err, reason = "the WebSocket crate's callback has this type")]
    let answer = move |_: &Request, response: Response| match status {
        None => Ok(response),
        Some(status) => {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = status.try_into().unwrap_or_default();
            Err(refusal)
        }
    };
    let limits = WebSocketConfig::default().read_buffer_size(4 << 10);
    let mut socket = accept_hdr_async_with_config(end, answer, Some(limits)).await.ok()?;
    match stage.life.world.welcome {
        Welcome::After(Duration::ZERO) => {}
        Welcome::After(time) => {
            socket.next().await?.ok()?;
            pause(time).await;
            socket.send(Message::Binary(SimMessage { kind: HELLO, id: 0, size: 0 }.write())).await.ok()?;
        }
        Welcome::Never => {
            while socket.next().await?.is_ok() {}
            return None;
        }
        Welcome::Closes => {
            socket.close(None).await.ok()?;
            while socket.next().await?.is_ok() {}
            return None;
        }
    }
    Some(socket)
}

async fn read(
    stage: &Stage,
    mut stream: SplitStream<Socket>,
    out: mpsc::Sender<Outgoing>,
    tasks: &mut JoinSet<()>,
) {
    let places = Arc::new(Semaphore::new(stage.life.world.stops_at));
    loop {
        if let Some(until) = stage.frozen_until(false) {
            stage.note(Happened::Reads { reads: false });
            pause(until.saturating_sub(stage.now())).await;
            stage.note(Happened::Reads { reads: true });
            continue;
        }
        if places.available_permits() == 0 {
            stage.note(Happened::Reads { reads: false });
            let Ok(place) = places.acquire().await else { return };
            drop(place);
            stage.note(Happened::Reads { reads: true });
            continue;
        }
        let message = tokio::select! {
            // The freeze first: what comes in the millisecond in which it begins stays unread.
            biased;
            () = freeze(stage) => continue,
            message = stream.next() => message,
        };
        let message = match message {
            Some(Ok(Message::Binary(bytes))) => SimMessage::read(&bytes),
            Some(Ok(_)) => continue,
            Some(Err(_)) | None => return,
        };
        let what = message.map_or(PeerReceived::Unreadable, SimMessage::got);
        stage.note(Happened::Received { what });
        let answer = match what {
            PeerReceived::Request(n) => stage.life.request(n).map(|request| (n, request.answer)),
            PeerReceived::Probe => Some((PROBE, AT_ONCE)),
            PeerReceived::Keepalive => Some((KEEPALIVE, AT_ONCE)),
            PeerReceived::Send(_) | PeerReceived::OnLive | PeerReceived::Reply | PeerReceived::Unreadable => {
                None
            }
        };
        if let Some((n, answer)) = answer {
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let (stage, out) = (stage.clone(), out.clone());
            tasks.spawn(async move {
                match reply(&stage, n, answer, &out).await {
                    true => drop(place),
                    // A request that is never answered stays in process for ever.
                    false => place.forget(),
                }
            });
        }
    }
}

async fn freeze(stage: &Stage) {
    match stage.next_freeze() {
        Some(begins) => pause(begins.saturating_sub(stage.now())).await,
        None => std::future::pending().await,
    }
}

/// Answers a request as the life says. Returns whether it did.
async fn reply(_: &Stage, n: u64, answer: Answer, out: &mpsc::Sender<Outgoing>) -> bool {
    pause(answer.after).await;
    yields(answer.yields).await;
    let right = SimMessage { kind: ANSWER, id: n, size: answer.size };
    let (message, times) = match answer.how {
        How::Never => return false,
        How::Once => (right, 1),
        How::Twice => (right, 2),
        How::Elsewhere => (SimMessage { id: n + ELSEWHERE, ..right }, 1),
        How::Unreadable => (SimMessage { kind: UNREADABLE, ..right }, 1),
    };
    for _ in 0..times {
        let frame = Message::Binary(message.write());
        if out.send(Outgoing { message: frame, wrote: Some(message.sent()) }).await.is_err() {
            return false;
        }
    }
    matches!(answer.how, How::Once | How::Twice)
}

async fn write(stage: &Stage, mut sink: SplitSink<Socket, Message>, mut frames: mpsc::Receiver<Outgoing>) {
    let every = stage.life.world.peer_pings.unwrap_or(Duration::from_secs(100_000));
    let mut ping = tokio::time::Instant::now() + every;
    loop {
        if let Some(until) = stage.frozen_until(true) {
            pause(until.saturating_sub(stage.now())).await;
        }
        let next = tokio::select! {
            biased;
            frame = frames.recv() => frame,
            () = tokio::time::sleep_until(ping) => {
                ping += every;
                Some(Outgoing { message: Message::Ping(bytes::Bytes::new()), wrote: None })
            }
        };
        let Some(Outgoing { message, wrote }) = next else { return };
        let close = message.is_close();
        if sink.send(message).await.is_err() && !close {
            // The reader sees how the stream ends.
            std::future::pending::<()>().await;
        }
        if let Some(what) = wrote {
            stage.note(Happened::Wrote { what });
        }
    }
}

/// Does something by itself, when the time has come.
async fn act(stage: Stage, action: PeerAction, cut: Cut, out: mpsc::Sender<Outgoing>) {
    pause(action.at.saturating_sub(stage.now())).await;
    let message = |kind, id, size| {
        let message = SimMessage { kind, id, size };
        Some(Outgoing { message: Message::Binary(message.write()), wrote: Some(message.sent()) })
    };
    let outgoing = match action.what {
        // The reader and the writer take care of that.
        What::Freeze { .. } => None,
        What::Close { code, reason } => {
            stage.note(Happened::PeerCloses { code, reason });
            let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
            Some(Outgoing { message: Message::Close(Some(frame)), wrote: None })
        }
        What::Reset => {
            stage.note(Happened::PeerResets);
            cut.sever(Severed::Reset);
            None
        }
        What::Vanish => {
            stage.note(Happened::PeerVanishes);
            cut.sever(Severed::Silent);
            None
        }
        What::Push { size } => message(PUSH, 0, size),
        What::Ask => message(ASK, 7, 0),
        What::Garbage => message(UNREADABLE, 0, 0),
        What::Violation => message(VIOLATION, 0, 0),
    };
    if let Some(outgoing) = outgoing {
        // Without a writer there is nobody to send to.
        let _ = out.send(outgoing).await;
    }
}

/// How the peer answers probes and keepalives.
const AT_ONCE: Answer = Answer { after: Duration::ZERO, yields: 0, size: 0, how: How::Once };
/// Messages that wait for the peer's writer.
const WAITING: usize = 1_024;
