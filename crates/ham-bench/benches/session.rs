//! Round trips through the session layer, beside `holochain_websocket` and a pipelined raw socket, in one run against
//! one server; and what waking a caller per answer costs without any socket.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use ham_bench::{
    DEADLINE, EchoServer, Encoded, Envelopes, IN_FLIGHT, NoInbox, Outgoing, PAYLOADS, Skipped,
    Tungstenite030, batch, bytes_value, configured, in_one_task, in_tasks, runtime,
};
use ham_session::{Link, SessionConfig, Target, dial};
use holochain_websocket::{WebsocketConfig, WebsocketSender, connect};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;

fn round_trips(criterion: &mut Criterion) {
    let server = EchoServer::start();
    let runtime = runtime();
    for (name, size) in PAYLOADS {
        let body = bytes_value(size);
        let mut group = criterion.benchmark_group(format!("session/{name}"));
        for in_flight in IN_FLIGHT {
            let batch = batch(in_flight, size);
            group.throughput(Throughput::Elements(batch));
            let raw = runtime.block_on(Tungstenite030::connect(server.address(), None));
            let raw = Arc::new(Mutex::new(raw));
            group.bench_function(BenchmarkId::new("raw", in_flight), |bencher| {
                bencher.iter_custom(|iterations| {
                    let (raw, body) = (Arc::clone(&raw), body.clone());
                    runtime.block_on(in_one_task(async move {
                        raw.lock().await.run(in_flight, iterations * batch, &body).await;
                    }))
                });
            });
            let link = runtime.block_on(ham_link(&server));
            group.bench_function(BenchmarkId::new("ham-session", in_flight), |bencher| {
                bencher.iter_custom(|iterations| {
                    runtime.block_on(ham(&link, in_flight, iterations * batch, &body))
                });
            });
            let peer = runtime.block_on(upstream_sender(&server));
            group.bench_function(BenchmarkId::new("holochain_websocket", in_flight), |bencher| {
                bencher.iter_custom(|iterations| {
                    runtime.block_on(upstream(&peer, in_flight, iterations * batch, &body))
                });
            });
        }
        group.finish();
    }
}

async fn ham_link(server: &EchoServer) -> Link<Envelopes> {
    let target = Target::new(format!("ws://{}/", server.address()).parse().expect("a URL"));
    let config = SessionConfig::default().with_max_in_flight(NonZeroUsize::new(1024).expect("not zero"));
    dial(&target, Arc::new(Envelopes), Arc::new(NoInbox), &config).await.expect("a link")
}

async fn ham(link: &Link<Envelopes>, in_flight: usize, total: u64, body: &Bytes) -> Duration {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let (link, body) = (link.clone(), body.clone());
    in_tasks(in_flight, total, move || {
        let (link, body) = (link.clone(), body.clone());
        async move {
            let id = NEXT.fetch_add(1, Ordering::Relaxed);
            let answer = link.request(Outgoing { id, body }, Instant::now() + DEADLINE).await;
            std::hint::black_box(answer.expect("an answer"));
        }
    })
    .await
}

/// Its receiver has to be polled for answers to arrive; the task that does ends with the connection.
async fn upstream_sender(server: &EchoServer) -> WebsocketSender {
    let config =
        Arc::new(WebsocketConfig { default_request_timeout: DEADLINE, ..WebsocketConfig::CLIENT_DEFAULT });
    let (sender, mut receiver) = connect(config, server.address()).await.expect("a connection");
    tokio::runtime::Handle::current().spawn(async move { while receiver.recv::<Encoded>().await.is_ok() {} });
    sender
}

async fn upstream(peer: &WebsocketSender, in_flight: usize, total: u64, body: &Bytes) -> Duration {
    let (peer, body) = (peer.clone(), Encoded(body.clone()));
    in_tasks(in_flight, total, move || {
        let (peer, body) = (peer.clone(), body.clone());
        async move {
            let answer: Skipped = peer.request(body).await.expect("an answer");
            std::hint::black_box(answer);
        }
    })
    .await
}

fn wakes(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("session/wakes");
    for in_flight in IN_FLIGHT {
        let batch = batch(in_flight, 0);
        group.throughput(Throughput::Elements(batch));
        group.bench_function(BenchmarkId::new("channel", in_flight), |bencher| {
            bencher.iter_custom(|iterations| runtime.block_on(channel(in_flight, iterations * batch)));
        });
    }
    group.finish();
}

/// Callers that a task answers at once over a channel each. On one thread, what this and the raw socket take together is
/// a floor for a client with a task per caller.
async fn channel(in_flight: usize, total: u64) -> Duration {
    let (ask, mut asked) = mpsc::channel::<oneshot::Sender<()>>(in_flight);
    tokio::runtime::Handle::current().spawn(async move {
        let mut callers = Vec::with_capacity(in_flight);
        while asked.recv_many(&mut callers, in_flight).await > 0 {
            for caller in callers.drain(..) {
                caller.send(()).expect("it waits");
            }
        }
    });
    in_tasks(in_flight, total, move || {
        let ask = ask.clone();
        async move {
            let (caller, answer) = oneshot::channel();
            ask.send(caller).await.expect("the task lives");
            answer.await.expect("an answer");
        }
    })
    .await
}

fn main() {
    let mut criterion = configured();
    round_trips(&mut criterion);
    wakes(&mut criterion);
    criterion.final_summary();
}
