//! Recent and current events, as server-sent events: numbered, so that a client that reconnects learns what is missing.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::{Instant, MissedTickBehavior};

use crate::problem::Problem;

/// The messages of one server. The newest are kept for clients that reconnect, within two bounds.
#[derive(Debug)]
pub(crate) struct Hub {
    /// Drawn at every start, so that an id of another run is recognised as such.
    epoch: u32,
    kept: Mutex<Kept>,
    /// A message that is no longer kept is gone for slow streams, too: their queues hold no bytes.
    sender: broadcast::Sender<Weak<Message>>,
    streams: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    last: u64,
}

#[derive(Debug)]
struct Message {
    id: u64,
    frame: Bytes,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            epoch: rand::random(),
            kept: Mutex::default(),
            sender: broadcast::Sender::new(WAITING),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }

    /// Sends to everyone.
    pub(crate) fn publish(&self, event: &str, data: &Value) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let frame = frame(event, Some(&format!("{}-{}", self.epoch, kept.last)), data);
        let message = Arc::new(Message { id: kept.last, frame });
        kept.bytes += message.frame.len();
        kept.messages.push_back(Arc::clone(&message));
        while kept.messages.len() > MESSAGES || kept.bytes > BYTES {
            let Some(oldest) = kept.messages.pop_front() else { break };
            kept.bytes -= oldest.frame.len();
        }
        // Under the lock, so that a new subscriber gets each message once. There may be no receiver.
        let _ = self.sender.send(Arc::downgrade(&message));
    }

    /// The id of the newest message.
    pub(crate) fn cursor(&self) -> String {
        format!("{}-{}", self.epoch, self.kept.lock().unwrap_or_else(PoisonError::into_inner).last)
    }

    /// The messages after the named one, or everything that is kept if none is named; anything missing in between is a gap.
    fn since(&self, id: Option<&str>) -> (Vec<Bytes>, broadcast::Receiver<Weak<Message>>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.sender.subscribe();
        let oldest = kept.messages.front().map_or(kept.last + 1, |message| message.id);
        let place = id.map(|id| {
            let (epoch, number) = id.split_once('-')?;
            (epoch.parse() == Ok(self.epoch)).then(|| number.parse::<u64>().ok()).flatten()
        });
        let (gap, after) = match place {
            None => (None, 0),
            Some(None) => (Some("restart"), 0),
            Some(Some(number)) if number + 1 < oldest => (Some("history_lost"), number),
            Some(Some(number)) => (None, number),
        };
        let gap = gap.map(|cause| frame("gap", None, &json!({ "cause": cause })));
        let missed =
            kept.messages.iter().filter(|message| message.id > after).map(|message| message.frame.clone());
        (gap.into_iter().chain(missed).collect(), receiver)
    }

    /// A stream for a browser, from its `Last-Event-ID` on.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        let Ok(place) = Arc::clone(&self.streams).try_acquire_owned() else {
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too-many-streams",
                "Too many pages are open",
            )
            .into_response();
        };
        let (past, receiver) = self.since(headers.get("last-event-id").and_then(|id| id.to_str().ok()));
        let first = Bytes::from_static(b"retry: 2000\n\n");
        let frames = stream::iter(std::iter::once(first).chain(past)).chain(live(receiver, place));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, Body::from_stream(frames.map(Ok::<_, Infallible>))).into_response()
    }
}

/// The events as they come, with a comment when there are none, so that either side notices a dead connection.
fn live(
    receiver: broadcast::Receiver<Weak<Message>>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Bytes> {
    let mut beat = tokio::time::interval_at(Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    stream::unfold((receiver, beat, place), async |(mut receiver, mut beat, place)| {
        // Either may come first: a beat that messages displace was not needed.
        let frame = tokio::select! {
            told = receiver.recv() => match told {
                Ok(message) => match message.upgrade() {
                    Some(message) => message.frame.clone(),
                    None => {
                        receiver = receiver.resubscribe();
                        frame("gap", None, &json!({ "cause": "lagged" }))
                    }
                },
                Err(RecvError::Lagged(missed)) => frame("gap", None, &json!({ "cause": "lagged", "missed": missed })),
                Err(RecvError::Closed) => return None,
            },
            _ = beat.tick() => Bytes::from_static(b":\n\n"),
        };
        Some((frame, (receiver, beat, place)))
    })
}

fn frame(event: &str, id: Option<&str>, data: &Value) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    // JSON has no line ends of its own.
    Bytes::from(format!("event: {event}\n{id}data: {data}\n\n"))
}

/// How many messages are kept for clients that reconnect, and how many bytes of them.
const MESSAGES: usize = 4096;
const BYTES: usize = 16 << 20;
/// How many messages wait for a slow stream.
const WAITING: usize = 1024;
/// How many streams there may be at a time.
const STREAMS: usize = 64;
/// How often a silent stream shows that it is alive.
const BEAT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(hub: &Hub, id: Option<&str>) -> Vec<String> {
        hub.since(id).0.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
    }

    #[test]
    fn who_comes_back_gets_what_is_missing_once() {
        let hub = Hub::new();
        for number in 1..=3 {
            hub.publish("log", &json!(number));
        }
        let from = format!("{}-2", hub.epoch);
        assert_eq!(texts(&hub, Some(&from)), [format!("event: log\nid: {}-3\ndata: 3\n\n", hub.epoch)]);
        assert_eq!(texts(&hub, None).len(), 3);
        assert!(texts(&hub, Some(&hub.cursor())).is_empty());
    }

    #[test]
    fn what_is_not_kept_is_a_gap() {
        let hub = Hub::new();
        for number in 0..MESSAGES + 2 {
            hub.publish("log", &json!(number));
        }
        let texts_of = |id: String| texts(&hub, Some(&id));
        assert!(texts_of(format!("{}-1", hub.epoch))[0].contains("history_lost"));
        for other in
            [format!("{}-1", hub.epoch.wrapping_add(1)), "nonsense".to_owned(), format!("{}-x", hub.epoch)]
        {
            assert!(texts_of(other)[0].contains("restart"));
        }
        assert_eq!(texts(&hub, None).len(), MESSAGES);
    }

    #[test]
    fn large_messages_are_kept_within_bounds() {
        let hub = Hub::new();
        for _ in 0..40 {
            hub.publish("log", &json!("x".repeat(1 << 20)));
        }
        assert!(texts(&hub, None).len() < 16);
    }

    /// Case: a thousand messages of hundreds of KiB each waited for one slow stream.
    #[tokio::test]
    async fn a_slow_stream_holds_no_more_than_is_kept() {
        let hub = Hub::new();
        let place = Arc::clone(&hub.streams).try_acquire_owned().expect("there is a place");
        let mut slow = std::pin::pin!(live(hub.since(None).1, place));
        for _ in 0..40 {
            hub.publish("log", &json!("x".repeat(1 << 20)));
        }
        let first = slow.next().await.expect("a frame");
        assert_eq!(first, "event: gap\ndata: {\"cause\":\"lagged\"}\n\n");
        hub.publish("log", &json!("later"));
        assert!(String::from_utf8_lossy(&slow.next().await.expect("a frame")).contains("later"));
    }
}
