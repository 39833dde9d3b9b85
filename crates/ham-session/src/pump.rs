//! The one task of a link: it owns the socket, writes what is queued, reads what comes, keeps the time.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::clock::after;
use crate::config::SessionConfig;
use crate::error::LinkEnd;
use crate::events;
use crate::inbox::{Inbox, Incoming};
use crate::link::{Link, Owner};
use crate::liveness::{Health, Liveness};
use crate::pending::{Waiter, tell};
use crate::protocol::{Decoded, Frame, Keepalive, Protocol};
use crate::shared::Shared;
use crate::transport::{Received, Transport};

/// Owns the socket of one link. It ends when the link ends, after `close`, or when the last handle is gone, and with it
/// everything that waits for the link; if its task is dropped or panics, the same happens.
pub(crate) struct Pump<P: Protocol> {
    transport: Transport,
    owner: Weak<Owner<P>>,
    inbox: Arc<dyn Inbox<P>>,
    liveness: Liveness,
    stage: Stage,
    /// The application-level keepalive that was not answered yet.
    keepalive: Option<P::Key>,
    /// The probe that was not answered yet: the reserved slot.
    probe: Option<P::Key>,
    pings: u64,
    /// One timer for all deadlines of the link: arming one per request costs more than the request's own bookkeeping.
    timer: Pin<Box<Sleep>>,
    armed: Instant,
    batch: Vec<Frame>,
    /// Answers that were read and not handed out yet.
    answers: Vec<Answered<P>>,
    drain_timeout: Duration,
    close_timeout: Duration,
    shared: Arc<Shared<P>>,
    /// Last, so that the socket is gone when `closed` resolves.
    _release: Release<P>,
}

/// An answer that was read, and whose it is.
struct Answered<P: Protocol> {
    key: P::Key,
    body: P::In,
    waiter: Option<Waiter<P::In>>,
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
            answers: Vec::new(),
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

    /// Serves everything once: reading first, because an answer opens the window for the next request and can ask
    /// for a reply; then writing, which picks both up; then the timer, which writing can have moved. Each step is
    /// bounded ([`READ_BURST`], `write_coalescing`, one tick), and no step is skipped for another, so none can starve,
    /// whatever the peer or the callers do. A blocked write ends only its own step: reading goes on.
    ///
    /// Returns whether a step stopped at its bound, so that another round is due. Otherwise every step has left its
    /// waker behind.
    fn round(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        let read_more = self.read(cx)?;
        let write_more = self.write(cx)?;
        let ticked = self.keep_time(cx)?;
        Ok(read_more || write_more || ticked)
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        let more = self.read_burst(cx);
        self.hand_out();
        more
    }

    fn read_burst(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        let bytes_before = self.transport.bytes_read();
        let mut bytes = bytes_before;
        let (mut frames, mut messages, mut more) = (0_usize, 0_usize, false);
        while let Poll::Ready(received) = self.transport.poll_receive(cx) {
            // Small answers come many in one read of the socket and are handed out together; large ones must not wait
            // for each other.
            if self.transport.bytes_read() != bytes {
                bytes = self.transport.bytes_read();
                self.hand_out();
            }
            frames += 1;
            match received.map_err(|end| self.ended_by(end))? {
                Received::Frame(frame) => {
                    messages += 1;
                    self.on_frame(frame)?;
                }
                Received::Ping => {}
                Received::Pong(payload) => self.on_pong(&payload),
                Received::Closed { code, reason } => {
                    return Err(self.ended_by(LinkEnd::ClosedByPeer { code, reason }));
                }
            }
            if frames == READ_BURST {
                more = true;
                break;
            }
        }
        let bytes_came = self.transport.bytes_read() != bytes_before;
        if bytes_came || frames > 0 {
            let now = Instant::now();
            self.liveness.heard(now);
            if messages > 0 || frames == 0 {
                self.liveness.progressed(now);
            }
        }
        Ok(more)
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        let room = if matches!(self.stage, Stage::Closing { .. }) { 0 } else { self.transport.room() };
        let work = self.shared.take(cx.waker(), room, &mut self.batch);
        for frame in self.batch.drain(..) {
            self.transport.feed(frame)?;
        }
        let was_dirty = self.transport.is_dirty();
        let written_before = self.transport.bytes_written();
        match self.transport.poll_flush(cx) {
            Poll::Ready(result) => {
                result.map_err(|end| self.ended_by(end))?;
                if work.awaits_flush {
                    self.shared.pending(|pending| pending.flushed());
                }
            }
            Poll::Pending if self.transport.bytes_written() != written_before => {
                self.liveness.progressed(Instant::now());
            }
            Poll::Pending => {}
        }
        let closing_now = work.closing && self.follow_close()?;
        self.arm(work.earliest_deadline);
        let room_again = was_dirty && !self.transport.is_dirty() && work.more;
        Ok(closing_now || room_again)
    }

    /// Follows the owner's wish to close: as soon as nothing is outstanding and everything is written.
    fn follow_close(&mut self) -> Result<bool, LinkEnd> {
        if self.stage == Stage::Open {
            self.stage = Stage::Draining { by: after(Instant::now(), self.drain_timeout) };
        }
        let draining = matches!(self.stage, Stage::Draining { .. });
        if draining && !self.transport.is_dirty() && self.shared.pending(|pending| pending.is_idle()) {
            self.begin_close()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn begin_close(&mut self) -> Result<(), LinkEnd> {
        self.shared.finish(LinkEnd::ClosedHere);
        self.stage = Stage::Closing { by: after(Instant::now(), self.close_timeout) };
        self.arm(None);
        self.transport.feed_close(NORMAL_CLOSURE, "")
    }

    /// Runs what is due, and leaves the timer armed for what is due next.
    fn keep_time(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        if self.timer.as_mut().poll(cx).is_pending() {
            return Ok(false);
        }
        let now = Instant::now();
        let (oldest, earliest) = self.shared.pending(|pending| {
            pending.expire(now);
            (pending.oldest_in_flight(), pending.earliest_deadline())
        });
        match self.stage {
            Stage::Closing { by } if now >= by => return Err(LinkEnd::ClosedHere),
            Stage::Draining { by } if now >= by => self.begin_close()?,
            Stage::Closing { .. } => {}
            Stage::Open | Stage::Draining { .. } => self.keep_alive(now, oldest)?,
        }
        self.armed = self.next_deadline(earliest);
        self.timer.as_mut().reset(self.armed);
        Ok(true)
    }

    fn keep_alive(&mut self, now: Instant, oldest: Option<Instant>) -> Result<(), LinkEnd> {
        let due = self.liveness.tick(now, oldest);
        if let Some(silence) = due.dead {
            return Err(LinkEnd::Silent { after: silence });
        }
        if due.ping {
            self.send_keepalive()?;
        }
        if due.probe
            && let Some(probe) = self.shared.protocol.probe()
        {
            self.probe = self.feed_own(probe)?;
        }
        if let Some(health) = due.health {
            self.turn(health);
        }
        Ok(())
    }

    fn send_keepalive(&mut self) -> Result<(), LinkEnd> {
        match self.shared.protocol.keepalive() {
            Keepalive::WsPing => {
                self.pings += 1;
                self.transport.feed_ping(Bytes::copy_from_slice(&self.pings.to_be_bytes()))
            }
            Keepalive::Message(out) => {
                self.keepalive = self.feed_own(out)?;
                if self.keepalive.is_none() {
                    // Nothing can answer it, so nothing is to be missed either.
                    self.liveness.pong(Instant::now());
                }
                Ok(())
            }
        }
    }

    /// Writes a message of our own past the queues and the window; returns the key its answer carries. Where a
    /// caller's request is outstanding under that key already, its answer serves for both.
    fn feed_own(&mut self, out: P::Out) -> Result<Option<P::Key>, LinkEnd> {
        let protocol = &self.shared.protocol;
        let key = protocol.key_of(&out);
        let under_way = key.as_ref().is_some_and(|key| self.shared.pending(|pending| pending.contains(key)));
        if !under_way {
            match protocol.encode(out) {
                Ok(frame) => self.transport.feed(frame)?,
                Err(why) => return Err(LinkEnd::ProtocolViolation(format!("own message: {why}"))),
            }
        }
        Ok(key)
    }

    fn on_pong(&mut self, payload: &[u8]) {
        if payload == self.pings.to_be_bytes() {
            self.answered_ping();
        }
    }

    fn answered_ping(&mut self) {
        if let Some(time) = self.liveness.pong(Instant::now()) {
            self.shared.set_round_trip_time(time);
        }
    }

    fn on_frame(&mut self, frame: Frame) -> Result<(), LinkEnd> {
        let decoded = self.shared.protocol.decode(frame);
        if !matches!(decoded, Decoded::Response { .. }) {
            // The inbox hears of an answer nobody waits for in its turn.
            self.hand_out();
        }
        match decoded {
            Decoded::Response { key, body } => self.answers.push(Answered { key, body, waiter: None }),
            Decoded::Request { key, body } => self.deliver(Incoming::Request { key, body }),
            Decoded::Push(body) => self.deliver(Incoming::Push(body)),
            Decoded::Reply(out) => self.reply(out),
            Decoded::Skip(why) => self.skip(why),
            Decoded::Fatal(why) => return Err(LinkEnd::ProtocolViolation(why)),
        }
        Ok(())
    }

    /// Gives the answers that were read to their callers: one lock for all, and none while callers are woken.
    fn hand_out(&mut self) {
        if self.answers.is_empty() {
            return;
        }
        let mut answers = std::mem::take(&mut self.answers);
        self.shared.pending(|pending| {
            for answer in &mut answers {
                answer.waiter = pending.claim(&answer.key);
            }
        });
        for answer in answers.drain(..) {
            self.on_response(answer);
        }
        self.answers = answers;
    }

    fn on_response(&mut self, answer: Answered<P>) {
        let Answered { key, body, waiter } = answer;
        let mut ours = false;
        if self.keepalive.as_ref() == Some(&key) {
            self.keepalive = None;
            self.answered_ping();
            ours = true;
        }
        if self.probe.as_ref() == Some(&key) {
            self.probe = None;
            ours = true;
        }
        let unclaimed = tell(waiter, body);
        if self.liveness.in_doubt()
            && (ours || unclaimed.is_none())
            && let Some(health) = self.liveness.answered()
        {
            self.turn(health);
        }
        if let Some(body) = unclaimed
            && !ours
        {
            self.deliver(Incoming::Orphan { key, body });
        }
    }

    fn reply(&mut self, out: P::Out) {
        let posted = match self.shared.protocol.encode(out) {
            Ok(frame) => self.shared.post(frame).map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        if let Err(why) = posted {
            self.skip(format!("not replied: {why}"));
        }
    }

    fn skip(&self, why: String) {
        tracing::warn!(event = events::SKIPPED, link = self.shared.id, why);
        self.deliver(Incoming::Skipped { why });
    }

    fn deliver(&self, incoming: Incoming<P>) {
        // Without a handle nobody is left to read; the close is on its way.
        if let Some(owner) = self.owner.upgrade() {
            self.inbox.deliver(&Link::from_owner(owner), incoming);
        }
    }

    fn turn(&self, health: Health) {
        tracing::warn!(event = events::HEALTH, link = self.shared.id, ?health);
        self.shared.health.send_replace(health);
    }

    /// Whatever ends the connection after our close frame is the end of our close.
    fn ended_by(&self, end: LinkEnd) -> LinkEnd {
        if matches!(self.stage, Stage::Closing { .. }) { LinkEnd::ClosedHere } else { end }
    }

    fn next_deadline(&self, earliest: Option<Instant>) -> Instant {
        let mut deadline = match self.stage {
            Stage::Open => self.liveness.deadline(),
            Stage::Draining { by } => self.liveness.deadline().min(by),
            Stage::Closing { by } => by,
        };
        if let Some(earliest) = earliest {
            deadline = deadline.min(earliest);
        }
        deadline
    }

    /// Moves the timer forward if something is due before it; a timer that is too early only costs a look.
    fn arm(&mut self, earliest: Option<Instant>) {
        let deadline = self.next_deadline(earliest);
        if deadline < self.armed {
            self.armed = deadline;
            self.timer.as_mut().reset(deadline);
        }
    }
}

/// Runs when the pump is gone, however it went.
struct Release<P: Protocol> {
    shared: Arc<Shared<P>>,
}

impl<P: Protocol> Drop for Release<P> {
    fn drop(&mut self) {
        // Only without an earlier end: the runtime was shut down, or an inbox panicked.
        self.shared.finish(LinkEnd::Lost(std::io::Error::other("the task of the link was stopped")));
        self.shared.released.send_replace(true);
    }
}

/// How many messages are read before writing gets its turn: a window's worth costs well under a millisecond.
const READ_BURST: usize = 128;

/// How many rounds run before other tasks get theirs.
const ROUNDS_PER_TURN: usize = 8;

/// The close code of an ordinary end (RFC 6455, 7.4.1).
const NORMAL_CLOSURE: u16 = 1000;
