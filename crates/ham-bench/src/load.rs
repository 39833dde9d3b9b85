//! How load is made: a fixed number of requests in flight, from one task each or from one loop.

use std::collections::HashSet;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use criterion::Criterion;
use futures_util::{Sink, Stream};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::envelope;

/// Requests in flight in the session bench.
pub const IN_FLIGHT: [usize; 3] = [1, 64, 1024];

/// Payloads, with their names.
pub const PAYLOADS: [(&str, usize); 2] = [("100B", 100), ("64KiB", 64 << 10)];

/// How many requests one iteration makes, so that every caller makes several and starting them hardly counts.
#[must_use]
pub fn batch(in_flight: usize, payload: usize) -> u64 {
    let each = if payload > 4096 { 4 } else { 32 };
    (in_flight * each) as u64
}

/// No request of a bench takes that long; one that does ends the bench.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The clients' runtime: two workers as `#[tokio::main]` has on a two-core machine, or `HAM_BENCH_WORKERS`; 0 is one
/// thread without workers.
///
/// # Panics
/// When the machine gives no threads.
#[must_use]
pub fn runtime() -> Runtime {
    let workers =
        std::env::var("HAM_BENCH_WORKERS").ok().and_then(|workers| workers.parse().ok()).unwrap_or(2);
    let mut builder = if workers == 0 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    if workers > 0 {
        builder.worker_threads(workers);
    }
    builder.enable_all().build().expect("a runtime")
}

/// Criterion with fewer and shorter samples than its default, which a run over many combinations does not need.
#[must_use]
pub fn configured() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

/// A MessagePack byte string of `size` bytes: a body that every peer can carry.
///
/// # Panics
/// Never: bodies are smaller than 4 GiB.
#[must_use]
pub fn bytes_value(size: usize) -> Bytes {
    let mut value = vec![0xc6];
    value.extend_from_slice(&u32::try_from(size).expect("bodies are small").to_be_bytes());
    value.resize(5 + size, 7);
    value.into()
}

/// Makes `total` calls from `in_flight` tasks and returns how long that took.
///
/// # Panics
/// When a call fails.
pub async fn in_tasks<F, C>(in_flight: usize, total: u64, call: C) -> Duration
where
    C: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let began = Instant::now();
    let tasks = in_flight as u64;
    let mut running = tokio::task::JoinSet::new();
    for task in 0..tasks {
        let call = call.clone();
        let share = total / tasks + u64::from(task < total % tasks);
        running.spawn(async move {
            for _ in 0..share {
                call().await;
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.expect("a caller");
    }
    began.elapsed()
}

/// Runs `work` in a task of its own, where services run theirs, and returns how long it took. The main thread's own
/// future is woken across threads each time.
///
/// # Panics
/// When the work does.
pub async fn in_one_task(work: impl Future<Output = ()> + Send + 'static) -> Duration {
    let timed = async move {
        let began = Instant::now();
        work.await;
        began.elapsed()
    };
    tokio::runtime::Handle::current().spawn(timed).await.expect("the work")
}

/// Makes `total` requests on a raw socket from one loop that writes what fits, reads what came and matches by id.
///
/// # Panics
/// When the socket fails or an answer is not ours.
pub async fn pipelined<S, M, E>(
    socket: &mut S,
    in_flight: usize,
    total: u64,
    body: &[u8],
    make: impl Fn(Vec<u8>) -> M,
    payload: impl Fn(&M) -> &[u8],
) where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    E: Debug,
{
    let mut waiting = HashSet::with_capacity(in_flight);
    let mut sent = 0;
    std::future::poll_fn(|cx| {
        loop {
            let mut moved = false;
            while sent < total && waiting.len() < in_flight {
                let Poll::Ready(ready) = Pin::new(&mut *socket).poll_ready(cx) else { break };
                ready.expect("a live socket");
                let frame = make(envelope::request(sent, body));
                Pin::new(&mut *socket).start_send(frame).expect("a live socket");
                waiting.insert(sent);
                sent += 1;
                moved = true;
            }
            if let Poll::Ready(flushed) = Pin::new(&mut *socket).poll_flush(cx) {
                flushed.expect("a live socket");
            }
            while let Poll::Ready(message) = Pin::new(&mut *socket).poll_next(cx) {
                let message = message.expect("a live socket").expect("a message");
                let (id, _) = envelope::parse(payload(&message)).expect("an answer");
                assert!(waiting.remove(&id), "an answer to {id}, which nobody asked");
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
