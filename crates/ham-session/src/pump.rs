//! The one task of a link: it owns the socket, writes what is queued, reads what comes, and keeps the time.

mod reading;
mod timing;
mod writing;

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::SessionConfig;
use crate::error::LinkEnd;
use crate::events;
use crate::frame::Frame;
use crate::inbox::{Inbox, Room};
use crate::link::{Link, Owner};
use crate::liveness::Liveness;
use crate::pending::Claim;
use crate::protocol::Protocol;
use crate::shared::Shared;
use crate::transport::Transport;

/// Owns the socket of one link. It ends when the link ends, after `close`, or when the last handle is gone, and everything that waits
/// for the link ends with it; if its task is dropped or panics, the same happens.
pub(crate) struct Pump<P: Protocol> {
    transport: Transport,
    owner: Weak<Owner<P>>,
    inbox: Arc<dyn Inbox<P>>,
    liveness: Liveness,
    stage: Stage,
    /// The application-level keepalive that has not been answered yet.
    keepalive: Option<P::Key>,
    /// The probe that has not been answered yet: the reserved slot.
    probe: Option<P::Key>,
    pings: u64,
    /// One timer for all deadlines of the link: arming one per request costs more than the request's own bookkeeping.
    timer: Pin<Box<Sleep>>,
    armed: Instant,
    batch: Vec<Frame>,
    /// Why nothing is read.
    held: Option<Room>,
    /// Answers that have been read but not handed out yet.
    answers: Vec<Answered<P>>,
    /// How many bytes the socket had taken when it was last checked.
    written: u64,
    drain_timeout: Duration,
    close_timeout: Duration,
    shared: Arc<Shared<P>>,
    /// Dropped last, so that the socket is gone when `closed` resolves.
    _release: Release<P>,
}

/// An answer that was read, and whose it is.
struct Answered<P: Protocol> {
    key: P::Key,
    body: P::In,
    claim: Claim<P::In>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// Nothing new is taken; outstanding requests finish.
    Draining {
        by: Instant,
    },
    /// Our close frame is sent; the peer's is awaited.
    Closing {
        by: Instant,
    },
}

impl<P: Protocol> Pump<P> {
    pub(crate) fn new(
        transport: Transport,
        link: &Link<P>,
        shared: Arc<Shared<P>>,
        inbox: Arc<dyn Inbox<P>>,
        config: &SessionConfig,
        probes: bool,
    ) -> Self {
        let liveness = Liveness::new(config, probes, Instant::now());
        let armed = liveness.deadline();
        let written = transport.bytes_written();
        Self {
            transport,
            owner: Arc::downgrade(link.owner()),
            inbox,
            liveness,
            stage: Stage::Open,
            keepalive: None,
            probe: None,
            pings: 0,
            timer: Box::pin(sleep_until(armed)),
            armed,
            batch: Vec::new(),
            held: None,
            answers: Vec::new(),
            written,
            drain_timeout: config.drain_timeout,
            close_timeout: config.close_timeout,
            shared: Arc::clone(&shared),
            _release: Release { shared },
        }
    }

    pub(crate) async fn run(mut self) {
        let end = std::future::poll_fn(|cx| self.poll_turn(cx)).await;
        let end = self.shared.finish(end);
        tracing::debug!(event = events::ENDED, link = self.shared.id, cause = %end);
    }

    /// Runs rounds until none has anything left to do.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<LinkEnd> {
        for _ in 0..ROUNDS_PER_TURN {
            match self.round(cx) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(end) => {
                    self.transport.part(cx, &end);
                    return Poll::Ready(end);
                }
            }
        }
        // Let other tasks run; this one goes on at once.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Serves everything once: reading first, because an answer opens the window for the next request and can call for a reply; then
    /// writing, which picks both up; then the timer, which writing can have moved. Each step is bounded (a burst of messages,
    /// `write_coalescing`, one tick), and no step is skipped for another, so none can starve, whatever the peer or the callers do. A
    /// blocked write ends only its own step: reading goes on.
    ///
    /// Returns whether a step stopped at its bound, so that another round is due. Otherwise every step has left its waker behind,
    /// also with the link's state: whatever is submitted after that was checked wakes the pump.
    fn round(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        let read_more = self.read(cx)?;
        let write_more = self.write(cx)?;
        let ticked = self.keep_time(cx)?;
        // What was just written may already be answered: the socket has not been polled since.
        let resumed = self.held == Some(Room::Tight) && self.awaits();
        Ok(read_more || write_more || ticked || resumed)
    }

    /// Whatever ends the connection after our close frame is the end of our close.
    fn ended_by(&self, end: LinkEnd) -> LinkEnd {
        if matches!(self.stage, Stage::Closing { .. }) { LinkEnd::ClosedHere } else { end }
    }
}

/// Runs when the pump is gone, however it went.
struct Release<P: Protocol> {
    shared: Arc<Shared<P>>,
}

impl<P: Protocol> Drop for Release<P> {
    fn drop(&mut self) {
        // Only if nothing ended it earlier: the runtime was shut down, or an inbox panicked.
        self.shared.finish(LinkEnd::Lost(std::io::Error::other("the task of the link was stopped")));
        self.shared.released.send_replace(true);
    }
}

/// How many rounds run before other tasks get theirs.
const ROUNDS_PER_TURN: usize = 8;

#[cfg(test)]
mod tests;
