//! The bytes of a lane that are in flight, in order, each with its arrival time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::Instant;

/// The result of taking bytes.
pub(super) enum Taken {
    Some,
    /// The next bytes arrive at this time.
    NotBefore(Instant),
    /// The next bytes are there, but become visible one turn later.
    NextTurn,
    None,
}

#[derive(Debug)]
struct Chunk {
    arrives: Instant,
    yields: u8,
    bytes: Vec<u8>,
    read: usize,
}

#[derive(Debug)]
pub(super) struct Ring {
    chunks: VecDeque<Chunk>,
    /// How many bytes take up room, including those that were swallowed.
    held: usize,
    /// No byte arrives before one that was written earlier.
    last_arrival: Instant,
}

/// The time from one byte of a dripping lane to the next.
const DRIP: Duration = Duration::from_millis(200);

impl Ring {
    pub(super) fn new() -> Self {
        Self { chunks: VecDeque::new(), held: 0, last_arrival: Instant::now() }
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Sends bytes on their way; if dripping, one after the other.
    pub(super) fn put(&mut self, bytes: Vec<u8>, latency: Duration, yields: u8, drips: bool) {
        self.held += bytes.len();
        self.last_arrival = self.last_arrival.max(Instant::now() + latency);
        let pieces = if drips { bytes.into_iter().map(|byte| vec![byte]).collect() } else { vec![bytes] };
        for bytes in pieces {
            if drips {
                self.last_arrival += DRIP;
            }
            self.chunks.push_back(Chunk { arrives: self.last_arrival, yields, bytes, read: 0 });
        }
    }

    /// Takes what has arrived.
    pub(super) fn take(&mut self, into: &mut ReadBuf<'_>) -> Taken {
        let now = Instant::now();
        let mut taken = Taken::None;
        while let Some(chunk) = self.chunks.front_mut().filter(|_| into.remaining() > 0) {
            let first = matches!(taken, Taken::None);
            if chunk.arrives > now && first {
                return Taken::NotBefore(chunk.arrives);
            }
            if chunk.yields > 0 && first {
                chunk.yields -= 1;
                return Taken::NextTurn;
            }
            if chunk.arrives > now || chunk.yields > 0 {
                break;
            }
            let rest = &chunk.bytes[chunk.read..];
            let take = rest.len().min(into.remaining());
            into.put_slice(&rest[..take]);
            chunk.read += take;
            self.held -= take;
            taken = Taken::Some;
            if chunk.read == chunk.bytes.len() {
                self.chunks.pop_front();
            }
        }
        taken
    }

    /// Bytes written from now on arrive no sooner than after that time.
    pub(super) fn stall(&mut self, time: Duration) {
        self.last_arrival = self.last_arrival.max(Instant::now() + time);
    }

    /// This many bytes take up room and never arrive.
    pub(super) fn swallow(&mut self, bytes: usize) {
        self.held += bytes;
    }

    /// What is in flight never arrives, and takes up room.
    pub(super) fn lose(&mut self) {
        self.chunks.clear();
    }

    /// Removes what is in flight.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        self.held = 0;
    }

    /// Lets what is in flight arrive now.
    pub(super) fn hurry(&mut self) {
        self.last_arrival = Instant::now();
        for chunk in &mut self.chunks {
            chunk.arrives = self.last_arrival;
        }
    }
}
