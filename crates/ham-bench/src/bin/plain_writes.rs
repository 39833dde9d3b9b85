//! What this machine can do at most beside `fan_out`: plain writes to as many sockets as there are subscribers, read by another process.
//!
//! `cargo run --release -p ham-bench --bin plain_writes [SOCKETS [BYTES [SECONDS]]]`: by default 5,000 sockets, 180 bytes a write (a block of
//! `fan_out`), 6 seconds, with one thread that writes and with two. No server tells one message to all faster than it writes to all.

use std::error::Error;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::Duration;

use ham_bench::allow_open_files;
use tokio::io::AsyncReadExt as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

type Failure = Box<dyn Error + Send + Sync>;

/// The first argument of the process that reads.
const READ: &str = "read";

fn main() -> Result<(), Failure> {
    allow_open_files()?;
    let mut words = std::env::args().skip(1).peekable();
    let reads = words.next_if(|word| word == READ).is_some();
    let mut number = |default: usize| words.next().map_or(Ok(default), |word| word.parse());
    if reads {
        return read(number(0)?.try_into()?, number(0)?);
    }
    let (sockets, bytes, seconds) = (number(5_000)?, number(180)?, number(6)?);
    let message = vec![b'.'; bytes];
    for threads in [1, 2] {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let _readers = Readers::start(listener.local_addr()?.port(), sockets)?;
        let mut streams = (0..sockets).map(|_| accepted(&listener)).collect::<Result<Vec<_>, _>>()?;
        let began = Instant::now();
        let end = began + Duration::from_secs(seconds.try_into()?);
        let written: usize = std::thread::scope(|scope| {
            let shares = streams.chunks_mut(sockets.div_ceil(threads));
            let writers: Vec<_> = shares.map(|share| scope.spawn(|| write(share, &message, end))).collect();
            writers.into_iter().map(|writer| writer.join().expect("no writer panics")).sum::<Result<_, _>>()
        })?;
        let rate = written as f64 / began.elapsed().as_secs_f64();
        let round = sockets as f64 / rate * 1_000.0;
        println!(
            "{threads} threads: {rate:.0} writes a second of {bytes} bytes to {sockets} sockets, {round:.1} ms for one to each"
        );
    }
    Ok(())
}

fn accepted(listener: &TcpListener) -> std::io::Result<TcpStream> {
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// To one after the other, until then; how many writes it were.
fn write(streams: &mut [TcpStream], message: &[u8], end: Instant) -> std::io::Result<usize> {
    let mut written = 0;
    while Instant::now() < end {
        for stream in &mut *streams {
            stream.write_all(message)?;
        }
        written += streams.len();
    }
    Ok(written)
}

/// Connects as often as that, and reads until the other end goes.
#[tokio::main]
async fn read(port: u16, sockets: usize) -> Result<(), Failure> {
    let mut readers = JoinSet::new();
    for _ in 0..sockets {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
        readers.spawn(async move {
            let mut buffer = [0; 4096];
            while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        });
    }
    readers.join_all().await;
    Ok(())
}

/// The process that reads.
struct Readers(Child);

impl Readers {
    fn start(port: u16, sockets: usize) -> Result<Self, Failure> {
        let words = [READ.to_owned(), port.to_string(), sockets.to_string()];
        Ok(Self(Command::new(std::env::current_exe()?).args(words).spawn()?))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        // It may have ended by itself, when the sockets were closed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
