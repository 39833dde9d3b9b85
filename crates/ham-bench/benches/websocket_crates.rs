//! The WebSocket crates beside each other: pipelined round trips on a raw socket, against one server.

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use ham_bench::{
    EchoServer, Fast, IN_FLIGHT, PAYLOADS, Tungstenite027, Tungstenite030, Websockets, batch, bytes_value,
    configured, in_one_task, runtime,
};
use tokio::sync::Mutex;

/// To see what the read buffer does: the crate's default, which ham-session uses too, is 128 KiB.
const SMALL_READ_BUFFER: usize = 16 << 10;

macro_rules! bench {
    ($group:ident, $name:literal, $in_flight:ident, $runtime:ident, $body:ident, $connect:expr) => {
        let socket = Arc::new(Mutex::new($runtime.block_on($connect)));
        $group.bench_function(BenchmarkId::new($name, $in_flight), |bencher| {
            bencher.iter_custom(|iterations| {
                let total = iterations * batch($in_flight, $body.len());
                let (socket, body) = (Arc::clone(&socket), $body.clone());
                $runtime.block_on(in_one_task(async move {
                    socket.lock().await.run($in_flight, total, &body).await;
                }))
            });
        });
    };
}

fn crates(criterion: &mut Criterion) {
    let server = EchoServer::start();
    let address = server.address();
    let runtime = runtime();
    for (name, size) in PAYLOADS {
        let body = bytes_value(size);
        let mut group = criterion.benchmark_group(format!("websocket_crates/{name}"));
        for n in IN_FLIGHT {
            group.throughput(Throughput::Elements(batch(n, size)));
            bench!(group, "tokio-tungstenite-0.27", n, runtime, body, Tungstenite027::connect(address));
            bench!(group, "tokio-tungstenite-0.30", n, runtime, body, Tungstenite030::connect(address, None));
            bench!(group, "tokio-tungstenite-0.30-16KiB", n, runtime, body, {
                Tungstenite030::connect(address, Some(SMALL_READ_BUFFER))
            });
            bench!(group, "tokio-websockets-0.13", n, runtime, body, Websockets::connect(address));
            bench!(group, "fastwebsockets-0.10", n, runtime, body, Fast::connect(address));
        }
        group.finish();
    }
}

fn main() {
    let mut criterion = configured();
    crates(&mut criterion);
    criterion.final_summary();
}
