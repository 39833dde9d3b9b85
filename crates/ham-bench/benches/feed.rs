//! One block to every subscriber: `ham-feed`'s server beside the manager of `hierachain` 0.2.0, each in a process of its
//! own, with the processor time that a delivery and the memory that a subscriber costs it.
//!
//! The peer needs the Python environment that `ham-feed`'s tests make in the cache, or `HAM_BENCH_HIERACHAIN`, a Python
//! with `hierachain==0.2.0`; without either only `ham-feed` is measured.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use futures_util::{SinkExt as _, StreamExt as _};
use ham_bench::configured;
use ham_launcher::CacheDirectory;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

fn fan_out(criterion: &mut Criterion) {
    // Neither what subscribes nor what publishes is measured, so it takes no core from what is.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let counts = if measuring() { &SUBSCRIBERS[..] } else { &SUBSCRIBERS[..2] };
    let mut group = criterion.benchmark_group("feed");
    for &(count, batch) in counts {
        group.throughput(Throughput::Elements(batch * count));
        for (name, server) in servers() {
            let empty = server.resident();
            let mut audience = runtime.block_on(Audience::subscribe(&server, count, batch));
            let each = || server.resident().saturating_sub(empty) as f64 / count as f64;
            let (idle, unspent) = (each(), server.spent());
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter_custom(|iterations| audience.hear(&runtime, iterations));
            });
            // Between the samples the server does nothing.
            let delivered = audience.heard.blocks.load(Ordering::SeqCst).max(1) as f64;
            let (spent, busy) = ((server.spent() - unspent) / delivered * 1e6, each());
            println!("{name}, {count} subscribers: {spent:.2} µs of processor time a delivery");
            println!("{name}, {count} subscribers: {idle:.1} KiB each, {busy:.1} KiB after the load");
        }
    }
    group.finish();
}

/// `cargo bench` says so; `cargo test --benches` runs everything once, unoptimised.
fn measuring() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

fn servers() -> impl Iterator<Item = (&'static str, Server)> {
    let peer = || hierachain().map(|python| ("hierachain", Server::start(&mut python_server(&python))));
    let ours = || ("ham-feed", Server::start(&mut Command::new(env!("CARGO_BIN_EXE_feed_server"))));
    std::iter::once_with(ours).chain(std::iter::once_with(peer).flatten())
}

fn hierachain() -> Option<PathBuf> {
    let named = std::env::var_os("HAM_BENCH_HIERACHAIN").filter(|value| !value.is_empty()).map(PathBuf::from);
    let cached = || Some(CacheDirectory::from_env()?.path().join("python/hierachain-0.2.0/bin/python"));
    named.or_else(cached).filter(|python| python.exists() && measuring())
}

fn python_server(python: &Path) -> Command {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../ham-feed/tests/hierachain/server.py");
    let mut command = Command::new(python);
    command.args([script, "0"]).current_dir(std::env::temp_dir());
    command.env("HRC_P2P_HOST", "127.0.0.1").env("HRC_P2P_PORT", "0");
    command.env("HAM_MAX_CONNECTIONS", "10000").env("HAM_PING_INTERVAL", "3600");
    command
}

/// Killed when it is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("a server");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let line = lines.find(|line| line.starts_with("listening on ")).expect("a port");
        let port = line.rsplit(' ').next().and_then(|port| port.parse().ok()).expect("a number");
        Self { process, port }
    }

    /// Its resident memory in KiB.
    fn resident(&self) -> u64 {
        let status = self.told("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// The seconds of processor time it has used so far, in its own code and in the kernel.
    fn spent(&self) -> f64 {
        let stat = self.told("stat");
        // Its name, in brackets, can hold anything.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let ticks = fields.split_whitespace().skip(11).take(2);
        ticks.map(|number| number.parse::<f64>().expect("a number")).sum::<f64>() / TICKS_A_SECOND
    }

    fn told(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("a live process")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The subscribers of one server and who publishes on it.
struct Audience {
    heard: Arc<Heard>,
    publisher: TcpStream,
    count: u64,
    batch: u64,
}

#[derive(Default)]
struct Heard {
    blocks: AtomicU64,
    expected: AtomicU64,
    all: Notify,
}

impl Audience {
    async fn subscribe(server: &Server, count: u64, batch: u64) -> Self {
        let heard = Arc::new(Heard { expected: AtomicU64::new(u64::MAX), ..Heard::default() });
        for _ in 0..count {
            let stream = TcpStream::connect(("127.0.0.1", server.port)).await.expect("a server");
            stream.set_nodelay(true).expect("a live socket");
            // 0.2.0 subscribes by the query, the documented dialect by a message; both answer the ping behind it.
            let url = format!("ws://127.0.0.1:{}/ws?chain_name={CHAIN}", server.port);
            let (mut socket, _) = client_async(url, stream).await.expect("an upgrade");
            for request in [
                json!({ "action": "subscribe", "type": "subscribe", "chain_name": CHAIN }),
                json!({ "action": "ping", "type": "ping" }),
            ] {
                socket.send(Message::text(request.to_string())).await.expect("a live socket");
            }
            while let Some(message) = socket.next().await {
                if message.expect("a live socket").to_text().is_ok_and(|text| text.contains("\"pong\"")) {
                    break;
                }
            }
            tokio::runtime::Handle::current().spawn(count_frames(socket.into_inner(), Arc::clone(&heard)));
        }
        let publisher = TcpStream::connect(("127.0.0.1", server.port)).await.expect("a server");
        publisher.set_nodelay(true).expect("a live socket");
        Self { heard, publisher, count, batch }
    }

    fn hear(&mut self, runtime: &Runtime, iterations: u64) -> Duration {
        runtime.block_on(async {
            let began = Instant::now();
            for _ in 0..iterations {
                self.publish().await;
            }
            began.elapsed()
        })
    }

    /// Publishes a batch and waits until every subscriber has all of it.
    async fn publish(&mut self) {
        let expected = self.heard.blocks.load(Ordering::SeqCst) + self.batch * self.count;
        self.heard.expected.store(expected, Ordering::SeqCst);
        let data = json!({ "block_hash": "9f86d081884c7d65", "height": 1_234_567, "events_count": 3 });
        let body =
            json!({ "what": "block", "chain_name": CHAIN, "count": self.batch, "data": data }).to_string();
        let request = format!(
            "POST /ham/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.publisher.write_all(request.as_bytes()).await.expect("a live socket");
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            assert_ne!(self.publisher.read_buf(&mut answer).await.expect("a live socket"), 0, "an answer");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        self.heard.all.notified().await;
        assert_eq!(self.heard.blocks.load(Ordering::SeqCst), expected, "each block once a subscriber");
    }
}

/// Counts the frames that carry text, at the least cost there is: neither server is slowed by its readers.
async fn count_frames(mut stream: TcpStream, heard: Arc<Heard>) {
    let mut buffer = Vec::with_capacity(64 << 10);
    while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        let (mut at, mut blocks) = (0, 0);
        while let Some(frame) = frame_length(&buffer[at..]) {
            blocks += u64::from(buffer[at] & 0x0f == TEXT);
            at += frame;
        }
        buffer.drain(..at);
        let now = heard.blocks.fetch_add(blocks, Ordering::SeqCst) + blocks;
        if blocks > 0 && now == heard.expected.load(Ordering::SeqCst) {
            heard.all.notify_one();
        }
    }
    heard.all.notify_one();
}

/// The length of the whole frame that these bytes begin with, if all of it is there. A server's frames are not masked.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let length = match *bytes.get(1)? {
        126 => 4 + usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])),
        127 => panic!("blocks are small"),
        short => 2 + usize::from(short),
    };
    (bytes.len() >= length).then_some(length)
}

/// Every subscriber takes a file here and one in its server, which inherits the limit.
fn allow_open_files() {
    let maximum = ham_bench::allow_open_files().expect("the hard limit is allowed");
    let enough = !measuring() || maximum.is_none_or(|maximum| maximum >= OPEN_FILES);
    assert!(enough, "{OPEN_FILES} open files are needed: raise the hard limit (ulimit -Hn)");
}

fn main() {
    allow_open_files();
    let mut criterion = configured();
    fan_out(&mut criterion);
    criterion.final_summary();
}

/// How many subscribers, and how many blocks are published at once, in one request: fewer than a subscriber's queue holds,
/// and so many that the request itself hardly counts.
const SUBSCRIBERS: [(u64, u64); 4] = [(1, 512), (100, 64), (1000, 64), (5000, 64)];

const CHAIN: &str = "supply_chain";
const TEXT: u8 = 1;

/// Linux counts processor time in these for everybody.
const TICKS_A_SECOND: f64 = 100.0;

/// The largest audience, and what a server opens beside it.
const OPEN_FILES: u64 = 5_100;
