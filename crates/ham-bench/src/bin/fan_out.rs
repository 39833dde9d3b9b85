//! The feed's server under a steady load: how late each message reaches each subscriber, what is lost, what a subscriber costs.
//!
//! `cargo run --release -p ham-bench --bin fan_out [SUBSCRIBERS [RATE [SECONDS [CHAINS]]]]`: by default 5,000 subscribers of one chain are told of
//! 100 messages a second for 60 seconds. With several chains each subscriber follows one of them, and the messages take turns. The server is a process of its own
//! (`feed_server` beside this), the readers and who publishes are this one, so both share the cores.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use ham_bench::allow_open_files;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

type Failure = Box<dyn Error + Send + Sync>;

/// What all readers write down.
struct Ledger {
    began: Instant,
    /// When each message was sent, in nanoseconds since it began.
    sent: Vec<AtomicU64>,
    /// How many came so late, by steps of [`STEP`].
    late: Vec<AtomicU64>,
    came: AtomicU64,
    longest: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let mut number = |default: u64| words.next().map_or(Ok(default), |word| word.parse());
    let (subscribers, rate, seconds, chains) = (number(5_000)?, number(100)?, number(60)?, number(1)?);
    allow_open_files()?;
    let server = Server::start()?;
    let empty = server.resident()?;
    let messages = rate * seconds;
    let numbers = |count: u64| (0..count).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
    let ledger = Arc::new(Ledger {
        began: Instant::now(),
        sent: numbers(messages),
        late: numbers(STEPS),
        came: AtomicU64::new(0),
        longest: AtomicU64::new(0),
    });
    let mut readers = JoinSet::new();
    for n in 0..subscribers {
        let stream = subscribe(server.port, n % chains).await?;
        readers.spawn(read(stream, Arc::clone(&ledger)));
    }
    let idle = server.resident()?;
    let took = publish(server.port, rate, messages, chains, &ledger).await?;
    let expected = messages * subscribers / chains;
    settle(&ledger, expected).await;
    let busy = server.resident()?;
    let came = ledger.came.load(Ordering::SeqCst);
    let each = |resident: u64| resident.saturating_sub(empty) as f64 / subscribers as f64;
    println!(
        "{subscribers} subscribers of {chains} chains, {:.0} messages a second for {:.1} s",
        messages as f64 / took.as_secs_f64(),
        took.as_secs_f64()
    );
    println!("{came} of {expected} came, {} were lost", expected.saturating_sub(came));
    println!("late: {}", ledger.shown(came));
    println!("memory a subscriber: {:.1} KiB idle, {:.1} KiB after the load", each(idle), each(busy));
    readers.shutdown().await;
    Ok(())
}

/// A connection that follows a chain, once the server has heard that.
async fn subscribe(port: u16, chain: u64) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(format!("ws://127.0.0.1:{port}/ws"), stream).await?;
    let chain = format!("chain-{chain}");
    for request in [json!({ "action": "subscribe", "chain_name": chain }), json!({ "action": "ping" })] {
        socket.send(Message::text(request.to_string())).await?;
    }
    while let Some(message) = socket.next().await {
        if message?.to_text()?.contains("\"pong\"") {
            return Ok(socket.into_inner());
        }
    }
    Err("the server left".into())
}

/// Publishes at this pace, whether what was published before is answered yet or not; how long that took.
async fn publish(
    port: u16,
    rate: u64,
    messages: u64,
    chains: u64,
    ledger: &Ledger,
) -> Result<Duration, Failure> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate)?);
    let began = Instant::now();
    let publishing = async {
        for n in 0..messages {
            pace.tick().await;
            let data = json!({ "n": n, "block_hash": "9f86d081884c7d65", "events_count": 3 });
            let chain = format!("chain-{}", n % chains);
            let body = json!({ "chain_name": chain, "count": 1, "data": data }).to_string();
            let head = format!(
                "POST /ham/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            ledger.sent[usize::try_from(n)?].store(ledger.now(), Ordering::Relaxed);
            writer.write_all(format!("{head}{body}").as_bytes()).await?;
        }
        Ok::<_, Failure>(())
    };
    tokio::try_join!(publishing, answered(reader, messages))?;
    Ok(began.elapsed())
}

/// Reads the answers to so many requests.
async fn answered(reader: OwnedReadHalf, mut awaited: u64) -> Result<(), Failure> {
    let mut lines = tokio::io::BufReader::new(reader).split(b'\n');
    while awaited > 0 {
        let line = lines.next_segment().await?.ok_or("the server left")?;
        // A body has no line feed, so the next answer begins in its line.
        let text = String::from_utf8_lossy(&line);
        if let Some((_, status)) = text.split_once("HTTP/1.1 ") {
            if !status.starts_with("200") {
                return Err(format!("a message was not published: {status}").into());
            }
            awaited -= 1;
        }
    }
    Ok(())
}

/// Waits until all have come, or nothing has for two seconds.
async fn settle(ledger: &Ledger, expected: u64) {
    let mut looks = tokio::time::interval(Duration::from_secs(2));
    let mut before = u64::MAX;
    loop {
        looks.tick().await;
        let came = ledger.came.load(Ordering::SeqCst);
        if came >= expected || came == before {
            return;
        }
        before = came;
    }
}

/// Reads frames at the least cost there is.
async fn read(mut stream: TcpStream, ledger: Arc<Ledger>) {
    let mut buffer = Vec::with_capacity(4 << 10);
    while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        let now = ledger.now();
        let mut at = 0;
        while let Some((start, end)) = frame(&buffer[at..]) {
            if let Some(n) = number(&buffer[at + start..at + end]) {
                ledger.heard(n, now);
            }
            at += end;
        }
        buffer.drain(..at);
    }
}

/// Where the payload of the first frame begins and ends, if all of it is there. A server's frames are not masked.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        short => (2, usize::from(short)),
    };
    (bytes.len() >= start + length).then_some((start, start + length))
}

/// Which message it is; `None` for a ping.
fn number(payload: &[u8]) -> Option<usize> {
    const MARK: &[u8] = b"{\"n\":";
    let at = payload.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    let digits = payload[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0')))
}

impl Ledger {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn heard(&self, n: usize, now: u64) {
        let Some(sent) = self.sent.get(n) else { return };
        let late = now.saturating_sub(sent.load(Ordering::Relaxed));
        let step = usize::try_from(late / STEP).unwrap_or(usize::MAX).min(self.late.len() - 1);
        self.late[step].fetch_add(1, Ordering::Relaxed);
        self.longest.fetch_max(late, Ordering::Relaxed);
        self.came.fetch_add(1, Ordering::SeqCst);
    }

    fn shown(&self, came: u64) -> String {
        let within = |share: f64| {
            let wanted = (came as f64 * share).ceil() as u64;
            let mut sum = 0;
            let step = self.late.iter().position(|step| {
                sum += step.load(Ordering::Relaxed);
                sum >= wanted
            });
            (step.unwrap_or(0) as u64 + 1) as f64 * STEP as f64 / 1e6
        };
        let longest = self.longest.load(Ordering::Relaxed) as f64 / 1e6;
        format!("{:.1} ms median, {:.1} ms p99, {longest:.1} ms at most", within(0.5), within(0.99))
    }
}

/// Killed when it is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Result<Self, Failure> {
        let program = std::env::current_exe()?.with_file_name("feed_server");
        let mut process = Command::new(program).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("a pipe")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let line = lines.find(|line| line.starts_with("listening on ")).ok_or("a port")?;
        let port = line.rsplit(' ').next().ok_or("a port")?.parse()?;
        Ok(Self { process, port })
    }

    /// Its resident memory in KiB.
    fn resident(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("its memory")?;
        Ok(line.split_whitespace().nth(1).ok_or("a number")?.parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// 0.1 ms, in nanoseconds.
const STEP: u64 = 100_000;
/// Up to ten seconds.
const STEPS: u64 = 100_000;
