//! Reading: what comes in, and where it goes.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::{Answered, Pump, Stage};
use crate::error::LinkEnd;
use crate::events;
use crate::frame::Frame;
use crate::inbox::{Incoming, Room};
use crate::link::Link;
use crate::liveness::Health;
use crate::pending::{Claim, tell};
use crate::protocol::{Decoded, Protocol};
use crate::transport::Received;

impl<P: Protocol> Pump<P> {
    pub(super) fn read(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        let more = self.read_burst(cx);
        self.hand_out();
        more
    }

    fn read_burst(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        if self.is_held(cx) {
            return Ok(false);
        }
        let bytes_before = self.transport.bytes_read();
        let mut bytes = bytes_before;
        let (mut frames, mut messages, mut more) = (0_usize, 0_usize, false);
        while let Poll::Ready(received) = self.transport.poll_receive(cx) {
            // Many small answers come in one read of the socket and are handed out together; large ones must not wait for each other.
            if self.transport.bytes_read() != bytes {
                bytes = self.transport.bytes_read();
                self.hand_out();
            }
            frames += 1;
            match received.map_err(|end| self.ended_by(end))? {
                Received::Frame(frame) => {
                    messages += 1;
                    if self.on_frame(frame)? && self.is_held(cx) {
                        break;
                    }
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
        if self.transport.bytes_read() != bytes_before || frames > 0 {
            let now = Instant::now();
            self.liveness.heard(now);
            self.liveness.read(now, messages > 0, self.transport.partial());
        }
        Ok(more)
    }

    /// Whether the inbox has no more room; it wakes the pump when it has.
    fn is_held(&mut self, cx: &mut Context<'_>) -> bool {
        let held = match self.inbox.room(cx.waker()) {
            Room::Free => None,
            Room::Tight if self.awaits() => None,
            room => Some(room),
        };
        if self.held.is_some() && held.is_none() {
            self.liveness.held(Instant::now());
        }
        self.held = held;
        held.is_some()
    }

    /// Whether we await something that may come: an answer, the peer's close frame, or that the peer reads what we write. It may not
    /// read before we do: two sides that hold each other back would stand still.
    pub(super) fn awaits(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. })
            || self.liveness.awaits()
            || self.transport.is_dirty()
            || self.shared.pending(|pending| pending.outstanding()) > 0
    }

    /// Returns whether the inbox may have got something.
    fn on_frame(&mut self, frame: Frame) -> Result<bool, LinkEnd> {
        let decoded = self.shared.protocol.decode(frame);
        if !matches!(decoded, Decoded::Response { .. }) {
            // The inbox hears in turn of an answer that nobody waits for.
            self.hand_out();
        }
        match decoded {
            Decoded::Response { key, body } => {
                self.answers.push(Answered { key, body, claim: Claim::Unasked });
                return Ok(false);
            }
            Decoded::Request { key, body } => self.deliver(Incoming::Request { key, body }),
            Decoded::Push(body) => self.deliver(Incoming::Push(body)),
            Decoded::Reply(out) => self.reply(out),
            Decoded::Skip(why) => self.skip(why),
            Decoded::Fatal(why) => return Err(LinkEnd::ProtocolViolation(why)),
        }
        Ok(true)
    }

    /// Gives the answers that were read to their callers: one lock for all, and no lock while callers are woken.
    fn hand_out(&mut self) {
        if self.answers.is_empty() {
            return;
        }
        let mut answers = std::mem::take(&mut self.answers);
        self.shared.pending(|pending| {
            for answer in &mut answers {
                answer.claim = pending.claim(&answer.key);
            }
        });
        for answer in answers.drain(..) {
            self.on_response(answer);
        }
        self.answers = answers;
    }

    fn on_response(&mut self, answer: Answered<P>) {
        let Answered { key, body, claim } = answer;
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
        let asked = !matches!(claim, Claim::Unasked);
        let unclaimed = tell(claim, body);
        if self.liveness.in_doubt() {
            let health = match (asked, ours) {
                (true, _) => self.liveness.answered(),
                (false, true) => self.liveness.probe_answered(),
                (false, false) => None,
            };
            health.into_iter().for_each(|health| self.turn(health));
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
        // Without a handle there is nobody left to read; the close is on its way.
        if let Some(owner) = self.owner.upgrade() {
            self.inbox.deliver(&Link::from_owner(owner), incoming);
        }
    }

    pub(super) fn turn(&self, health: Health) {
        tracing::warn!(event = events::HEALTH, link = self.shared.id, ?health);
        self.shared.health.send_replace(health);
    }

    fn on_pong(&mut self, payload: &[u8]) {
        if payload == self.pings.to_be_bytes() {
            self.answered_ping();
        }
    }

    pub(super) fn answered_ping(&mut self) {
        if let Some(time) = self.liveness.pong(Instant::now()) {
            self.shared.set_round_trip_time(time);
        }
    }
}

/// How many messages are read before writing gets its turn: a window's worth costs well under a millisecond.
const READ_BURST: usize = 128;
