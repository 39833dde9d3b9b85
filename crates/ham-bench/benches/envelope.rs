//! Requests of `ham-envelope` beside a raw socket that pipelines the same JSON envelopes from one loop, in one run against
//! one server. Both write and parse every envelope.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use futures_util::{FutureExt as _, Sink as _, SinkExt as _, Stream as _, StreamExt as _};
use ham_bench::{DEADLINE, IN_FLIGHT, batch, configured, in_one_task, in_tasks, runtime};
use ham_envelope::{Client, Config, Envelope, Incoming};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};
use tokio_util::sync::CancellationToken;

fn round_trips(criterion: &mut Criterion) {
    let server = start_server();
    let runtime = runtime();
    let mut group = criterion.benchmark_group("envelope");
    for in_flight in IN_FLIGHT {
        let batch = batch(in_flight, 0);
        group.throughput(Throughput::Elements(batch));
        let raw = Arc::new(Mutex::new(runtime.block_on(Raw::connect(server))));
        group.bench_function(BenchmarkId::new("raw", in_flight), |bencher| {
            bencher.iter_custom(|iterations| {
                let raw = Arc::clone(&raw);
                runtime.block_on(in_one_task(async move {
                    raw.lock().await.run(in_flight, iterations * batch).await;
                }))
            });
        });
        let (client, cancel) = ham_client(server);
        runtime.spawn({
            let (client, cancel) = (client.clone(), cancel.clone());
            async move { client.run(cancel).await.expect("a run") }
        });
        group.bench_function(BenchmarkId::new("ham-envelope", in_flight), |bencher| {
            bencher.iter_custom(|iterations| runtime.block_on(ham(&client, in_flight, iterations * batch)));
        });
        cancel.cancel();
    }
    group.finish();
}

fn ham_client(server: SocketAddr) -> (Client, CancellationToken) {
    let config = Config::new(format!("ws://{server}/").parse().expect("a URL"));
    let in_flight = NonZeroUsize::new(1024).expect("not zero");
    let session = config.endpoint.session.clone().with_max_in_flight(in_flight);
    let config = config.with_endpoint(|endpoint| endpoint.with_session(session));
    let unasked = |incoming: Incoming| async move { panic!("nobody asked for {incoming:?}") };
    let client = Client::new(config, unasked).expect("a client");
    (client, CancellationToken::new())
}

async fn ham(client: &Client, in_flight: usize, total: u64) -> Duration {
    let client = client.clone();
    in_tasks(in_flight, total, move || {
        let client = client.clone();
        async move {
            let request = Envelope::request(KIND).with_payload(PAYLOAD).expect("a payload");
            let answer = client.request(request, DEADLINE).await.expect("an answer");
            std::hint::black_box(answer);
        }
    })
    .await
}

/// The same envelope with an id that costs nothing to make, and a time that was made once.
#[derive(Serialize)]
struct Request<'a> {
    kind: &'a str,
    id: &'a str,
    ts: &'a str,
    payload: &'a Payload,
}

#[derive(Deserialize)]
struct Answer {
    in_reply_to: String,
    #[expect(dead_code, reason = "parsed as ham parses it")]
    kind: String,
    #[expect(dead_code, reason = "parsed as ham parses it")]
    ts: String,
    #[expect(dead_code, reason = "parsed as ham parses it")]
    payload: Box<RawValue>,
}

#[derive(Serialize)]
struct Payload {
    agent: &'static str,
    sequence: u64,
    state: [&'static str; 3],
}

/// A hand-written client without tasks, time-outs or reconnecting.
struct Raw(WebSocketStream<TcpStream>);

impl Raw {
    async fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("a server");
        stream.set_nodelay(true).expect("a live socket");
        Self(client_async(format!("ws://{server}/"), stream).await.expect("an upgrade").0)
    }

    /// Makes `total` round trips from one loop that writes what fits, reads what came and matches by id.
    async fn run(&mut self, in_flight: usize, total: u64) {
        let socket = &mut self.0;
        let mut waiting: HashSet<String> = HashSet::with_capacity(in_flight);
        let mut sent = 0;
        std::future::poll_fn(|cx| {
            loop {
                let mut moved = false;
                while sent < total && waiting.len() < in_flight {
                    let Poll::Ready(ready) = Pin::new(&mut *socket).poll_ready(cx) else { break };
                    ready.expect("a live socket");
                    // As long as a ULID.
                    let mut id = String::with_capacity(26);
                    write!(id, "{sent:026}").expect("a text");
                    let request = Request { kind: KIND, id: &id, ts: TS, payload: &PAYLOAD };
                    let text = serde_json::to_string(&request).expect("an envelope");
                    Pin::new(&mut *socket).start_send(Message::text(text)).expect("a live socket");
                    waiting.insert(id);
                    sent += 1;
                    moved = true;
                }
                if let Poll::Ready(flushed) = Pin::new(&mut *socket).poll_flush(cx) {
                    flushed.expect("a live socket");
                }
                while let Poll::Ready(message) = Pin::new(&mut *socket).poll_next(cx) {
                    let Message::Text(text) = message.expect("a message").expect("a live socket") else {
                        continue;
                    };
                    let answer: Answer = serde_json::from_str(&text).expect("an answer");
                    assert!(waiting.remove(&answer.in_reply_to), "an answer that nobody asked for");
                    std::hint::black_box(answer);
                    moved = true;
                }
                if sent == total && waiting.is_empty() {
                    return Poll::Ready(());
                }
                if !moved {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }
}

/// An echo server on a thread and runtime of its own. Ends with the process.
fn start_server() -> SocketAddr {
    let (told, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
            told.send(listener.local_addr().expect("a bound socket")).expect("the starter waits");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::runtime::Handle::current().spawn(serve(stream));
            }
        });
    });
    address.recv().expect("the server starts")
}

/// Answers what is there, then writes it all at once.
async fn serve(stream: TcpStream) {
    stream.set_nodelay(true).expect("a live socket");
    let mut socket = accept_async(stream).await.expect("a client that upgrades");
    while let Some(Ok(message)) = socket.next().await {
        let mut next = Some(message);
        while let Some(message) = next {
            if let Message::Text(request) = &message
                && socket.feed(Message::text(answer(request))).await.is_err()
            {
                return;
            }
            next = match socket.next().now_or_never() {
                Some(Some(Ok(message))) => Some(message),
                Some(_) => return,
                None => None,
            };
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}

/// Makes an answer of a request by renaming its id, with as little work as can be: what is measured is the client.
fn answer(request: &str) -> String {
    let rest = request.strip_prefix(r#"{"kind":"echo","id":"#).expect("a request");
    [r#"{"kind":"echo.reply","in_reply_to":"#, rest].concat()
}

fn main() {
    let mut criterion = configured();
    round_trips(&mut criterion);
    criterion.final_summary();
}

/// Every request is of it.
const KIND: &str = "echo";

/// As long as the times of `ham-envelope`.
const TS: &str = "2026-05-19T08:30:00.123456789Z";

/// About a hundred bytes.
const PAYLOAD: Payload = Payload {
    agent: "scout-7",
    sequence: 1_234_567,
    state: ["connected", "synchronised", "waiting for work"],
};
