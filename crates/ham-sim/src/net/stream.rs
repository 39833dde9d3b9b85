//! A byte stream in memory: two lanes, and a handle to cut it from outside.

use std::future::Future;
use std::io::Result;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::fault::LanePlan;
use super::lane::{Ended, Found, Lane};

#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Lane>>);

impl Shared {
    fn new(plan: LanePlan) -> Self {
        Self(Arc::new(Mutex::new(Lane::new(plan))))
    }

    fn lock(&self) -> MutexGuard<'_, Lane> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream's two ends, and the handle to cut it.
pub(crate) fn pair(up: LanePlan, down: LanePlan) -> (End, End, Cut) {
    let (up, down) = (Shared::new(up), Shared::new(down));
    let cut = Cut { up: up.clone(), down: down.clone() };
    (End::new(down.clone(), up.clone()), End::new(up, down), cut)
}

/// One end.
#[derive(Debug)]
pub(crate) struct End {
    reads: Shared,
    writes: Shared,
    /// Set while the next bytes are on their way.
    arrival: Option<Pin<Box<Sleep>>>,
}

impl End {
    fn new(reads: Shared, writes: Shared) -> Self {
        Self { reads, writes, arrival: None }
    }

    fn wait(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.arrival.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(cx)
    }
}

impl AsyncRead for End {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        loop {
            let found = self.reads.lock().read(cx, into)?;
            match found {
                Found::Ready => {
                    self.arrival = None;
                    return Poll::Ready(Ok(()));
                }
                Found::Later => return Poll::Pending,
                Found::At(arrival) if self.wait(arrival, cx).is_pending() => return Poll::Pending,
                Found::At(_) => self.arrival = None,
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let (written, resets) = self.writes.lock().write(cx, bytes);
        if resets {
            self.reads.lock().reset();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        self.writes.lock().end(Ended::Fin);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut writes = self.writes.lock();
        if writes.ended.is_none() {
            writes.end(Ended::Fin);
        }
        drop(writes);
        self.reads.lock().unread();
    }
}

/// How a stream is cut from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severed {
    /// Both ends are told at once; what is under way is lost.
    Reset,
    /// Nobody is told: a half-open connection.
    Silent,
}

/// A handle to cut a stream from outside.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    up: Shared,
    down: Shared,
}

impl Cut {
    pub(crate) fn sever(&self, how: Severed) {
        for lane in [&self.up, &self.down] {
            match how {
                Severed::Reset => lane.lock().reset(),
                Severed::Silent => lane.lock().swallow(),
            }
        }
    }

    /// No fault from here on.
    pub(crate) fn heal(&self) {
        self.up.lock().heal();
        self.down.lock().heal();
    }

    /// Whether one side is gone without the other having been told.
    pub(crate) fn is_half_open(&self) -> bool {
        self.up.lock().is_hole() || self.down.lock().is_hole()
    }
}
