//! One direction of a stream: a bounded ring whose bytes arrive later, changed, or never.

use std::io::{Error, ErrorKind, Result};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::Instant;

use super::fault::{Fault, LanePlan};
use super::ring::{Ring, Taken};

/// How a lane ends for its reader, after the reader has read what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Fin,
    Reset,
}

/// The result of a read.
pub(super) enum Found {
    /// Something was read, or the end was reached.
    Ready,
    /// The next bytes arrive at this time.
    At(Instant),
    /// The writer will wake the reader.
    Later,
}

#[derive(Debug)]
pub(super) struct Lane {
    plan: LanePlan,
    /// The next fault of the plan.
    next: usize,
    ring: Ring,
    /// Bytes taken from the writer.
    accepted: u64,
    drips: bool,
    flips: bool,
    hole: bool,
    pub(super) ended: Option<Ended>,
    /// Whether the writer is told that nobody reads.
    broken: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Lane {
    pub(super) fn new(plan: LanePlan) -> Self {
        Self {
            plan,
            next: 0,
            ring: Ring::new(),
            accepted: 0,
            drips: false,
            flips: false,
            hole: false,
            ended: None,
            broken: false,
            reader: None,
            writer: None,
        }
    }

    /// Takes what there is room for. The second value is true if the other direction must be reset as well.
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
                Fault::Stall(millis) => self.ring.stall(Duration::from_millis(millis)),
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
        let room = self.plan.capacity.saturating_sub(self.ring.held());
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
        if self.hole {
            self.ring.swallow(bytes.len());
            return;
        }
        let mut bytes = bytes.to_vec();
        if std::mem::take(&mut self.flips)
            && let Some(first) = bytes.first_mut()
        {
            *first ^= 1;
        }
        self.ring.put(bytes, Duration::from_millis(self.plan.latency), self.plan.yields, self.drips);
        wake(&mut self.reader);
    }

    /// Reads what has arrived.
    pub(super) fn read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Result<Found> {
        match self.ring.take(into) {
            Taken::Some => {
                wake(&mut self.writer);
                Ok(Found::Ready)
            }
            Taken::NotBefore(arrival) => {
                self.reader = Some(cx.waker().clone());
                Ok(Found::At(arrival))
            }
            Taken::NextTurn => {
                cx.waker().wake_by_ref();
                Ok(Found::Later)
            }
            Taken::None => match self.ended.filter(|_| self.ring.is_empty()) {
                Some(Ended::Fin) => Ok(Found::Ready),
                Some(Ended::Reset) => Err(Error::from(ErrorKind::ConnectionReset)),
                None => {
                    self.reader = Some(cx.waker().clone());
                    Ok(Found::Later)
                }
            },
        }
    }

    /// Nothing more arrives after what is in flight.
    pub(super) fn end(&mut self, how: Ended) {
        if self.hole || self.ended == Some(Ended::Reset) {
            return;
        }
        self.ended = Some(how);
        self.wake();
    }

    /// What is in flight is lost too.
    pub(super) fn reset(&mut self) {
        if self.hole {
            return;
        }
        self.ring.clear();
        self.ended = Some(Ended::Reset);
        self.wake();
    }

    /// Nothing more happens to it, and what is in flight arrives. What was swallowed stays lost.
    pub(super) fn heal(&mut self) {
        self.plan.faults.clear();
        self.next = 0;
        (self.drips, self.flips) = (false, false);
        self.ring.hurry();
        self.wake();
    }

    /// From now on nothing arrives, and nobody is told.
    pub(super) fn swallow(&mut self) {
        self.hole = true;
        self.ring.lose();
    }

    pub(super) fn is_hole(&self) -> bool {
        self.hole
    }

    /// Nobody reads any more.
    pub(super) fn unread(&mut self) {
        if !self.hole {
            self.broken = true;
            self.ring.clear();
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
