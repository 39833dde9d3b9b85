//! The bytes of a lane that are under way, in order, each with the time at which it arrives.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::Instant;

/// What there was to take.
pub(super) enum Taken {
    Some,
    /// The next bytes arrive then.
    NotBefore(Instant),
    /// The next bytes are there, and seen a turn later.
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
    /// How many bytes take room, those that were swallowed included.
    held: usize,
    /// No byte arrives before one that was written earlier.
    last_arrival: Instant,
}

/// From one byte of a dripping lane to the next.
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

    /// Puts bytes on their way; dripping, one after the other.
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

    /// What is written from now on arrives no sooner than after that.
    pub(super) fn stall(&mut self, time: Duration) {
        self.last_arrival = self.last_arrival.max(Instant::now() + time);
    }

    /// So many bytes take room and never arrive.
    pub(super) fn swallow(&mut self, bytes: usize) {
        self.held += bytes;
    }

    /// What is under way never arrives, and takes room.
    pub(super) fn lose(&mut self) {
        self.chunks.clear();
    }

    /// What is under way is gone.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        self.held = 0;
    }

    /// What is under way arrives now.
    pub(super) fn hurry(&mut self) {
        self.last_arrival = Instant::now();
        for chunk in &mut self.chunks {
            chunk.arrives = self.last_arrival;
        }
    }
}
