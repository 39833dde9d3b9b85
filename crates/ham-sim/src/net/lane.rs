//! One direction of a stream: a bounded ring whose bytes arrive later, changed, or never.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::Instant;

use super::fault::{Fault, LanePlan};

/// How a lane ends for its reader, once it has read what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Fin,
    Reset,
}

/// What a read found.
pub(super) enum Found {
    /// So much was read, or the end.
    Ready,
    /// The next bytes arrive then.
    At(Instant),
    /// Woken by the writer.
    Later,
}

#[derive(Debug)]
struct Chunk {
    arrives: Instant,
    yields: u8,
    bytes: Vec<u8>,
    read: usize,
}

#[derive(Debug)]
pub(super) struct Lane {
    plan: LanePlan,
    /// The next fault of the plan.
    next: usize,
    chunks: VecDeque<Chunk>,
    /// Bytes under way.
    held: usize,
    /// Bytes taken from the writer.
    accepted: u64,
    /// No byte arrives before one that was written earlier.
    last_arrival: Instant,
    drips: bool,
    flips: bool,
    hole: bool,
    pub(super) ended: Option<Ended>,
    /// The writer is told that nobody reads.
    broken: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// From one byte of a dripping lane to the next.
const DRIP: Duration = Duration::from_millis(200);

impl Lane {
    pub(super) fn new(plan: LanePlan) -> Self {
        Self {
            plan,
            next: 0,
            chunks: VecDeque::new(),
            held: 0,
            accepted: 0,
            last_arrival: Instant::now(),
            drips: false,
            flips: false,
            hole: false,
            ended: None,
            broken: false,
            reader: None,
            writer: None,
        }
    }

    /// Takes what there is room for. The second value is true when the other direction is to be reset as well.
    pub(super) fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> (Poll<Result<usize>>, bool) {
        let mut resets = false;
        while let Some((_, fault)) =
            self.plan.faults.get(self.next).copied().filter(|(at, _)| *at <= self.accepted)
        {
            self.next += 1;
            match fault {
                Fault::Reset => {
                    self.end(Ended::Reset);
                    resets = true;
                }
                Fault::Fin => {
                    self.end(Ended::Fin);
                    self.broken = true;
                }
                Fault::Stall(millis) => {
                    let until = Instant::now() + Duration::from_millis(millis);
                    self.last_arrival = self.last_arrival.max(until);
                }
                Fault::Drip => self.drips = true,
                Fault::Hole => self.hole = true,
                Fault::Flip => self.flips = true,
            }
        }
        if self.ended == Some(Ended::Reset) {
            return (Poll::Ready(Err(ErrorKind::ConnectionReset.into())), resets);
        }
        if self.broken {
            return (Poll::Ready(Err(ErrorKind::BrokenPipe.into())), resets);
        }
        let until_fault = self.plan.faults.get(self.next).map_or(u64::MAX, |(at, _)| at - self.accepted);
        let room = self.plan.capacity.saturating_sub(self.held);
        let take = bytes.len().min(room).min(usize::try_from(until_fault).unwrap_or(usize::MAX));
        if take == 0 && !bytes.is_empty() {
            self.writer = Some(cx.waker().clone());
            return (Poll::Pending, resets);
        }
        self.take(&bytes[..take]);
        (Poll::Ready(Ok(take)), resets)
    }

    fn take(&mut self, bytes: &[u8]) {
        self.accepted += bytes.len() as u64;
        self.held += bytes.len();
        if self.hole {
            return;
        }
        let mut bytes = bytes.to_vec();
        if std::mem::take(&mut self.flips)
            && let Some(first) = bytes.first_mut()
        {
            *first ^= 1;
        }
        let arrives = self.last_arrival.max(Instant::now() + Duration::from_millis(self.plan.latency));
        let pieces =
            if self.drips { bytes.into_iter().map(|byte| vec![byte]).collect() } else { vec![bytes] };
        self.last_arrival = arrives;
        for bytes in pieces {
            if self.drips {
                self.last_arrival += DRIP;
            }
            let chunk = Chunk { arrives: self.last_arrival, yields: self.plan.yields, bytes, read: 0 };
            self.chunks.push_back(chunk);
        }
        wake(&mut self.reader);
    }

    /// Reads what has arrived.
    pub(super) fn read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Result<Found> {
        let now = Instant::now();
        let mut read = false;
        while let Some(chunk) = self.chunks.front_mut().filter(|_| into.remaining() > 0) {
            if chunk.arrives > now && !read {
                self.reader = Some(cx.waker().clone());
                return Ok(Found::At(chunk.arrives));
            }
            if chunk.yields > 0 && !read {
                chunk.yields -= 1;
                cx.waker().wake_by_ref();
                return Ok(Found::Later);
            }
            if chunk.arrives > now || chunk.yields > 0 {
                break;
            }
            let rest = &chunk.bytes[chunk.read..];
            let take = rest.len().min(into.remaining());
            into.put_slice(&rest[..take]);
            chunk.read += take;
            self.held -= take;
            read = true;
            if chunk.read == chunk.bytes.len() {
                self.chunks.pop_front();
            }
        }
        if read {
            wake(&mut self.writer);
            return Ok(Found::Ready);
        }
        match self.ended.filter(|_| self.chunks.is_empty()) {
            Some(Ended::Fin) => Ok(Found::Ready),
            Some(Ended::Reset) => Err(Error::from(ErrorKind::ConnectionReset)),
            None => {
                self.reader = Some(cx.waker().clone());
                Ok(Found::Later)
            }
        }
    }

    /// Nothing more arrives after what is under way.
    pub(super) fn end(&mut self, how: Ended) {
        if self.hole || self.ended == Some(Ended::Reset) {
            return;
        }
        self.ended = Some(how);
        self.wake();
    }

    /// What is under way is lost too.
    pub(super) fn reset(&mut self) {
        if self.hole {
            return;
        }
        self.chunks.clear();
        self.held = 0;
        self.ended = Some(Ended::Reset);
        self.wake();
    }

    /// Nothing more happens to it, and what is under way arrives. What was swallowed stays so.
    pub(super) fn heal(&mut self) {
        self.plan.faults.clear();
        self.next = 0;
        (self.drips, self.flips) = (false, false);
        self.last_arrival = Instant::now();
        for chunk in &mut self.chunks {
            chunk.arrives = self.last_arrival;
        }
        self.wake();
    }

    /// From now on nothing arrives, and nobody is told.
    pub(super) fn swallow(&mut self) {
        self.hole = true;
        self.chunks.clear();
    }

    pub(super) fn is_hole(&self) -> bool {
        self.hole
    }

    /// Nobody reads any more.
    pub(super) fn unread(&mut self) {
        if !self.hole {
            self.broken = true;
            self.chunks.clear();
            self.held = 0;
        }
        wake(&mut self.writer);
    }

    fn wake(&mut self) {
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
