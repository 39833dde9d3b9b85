//! Writing: what is queued, our own messages, and the way to a close.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::{Pump, Stage};
use crate::clock::after;
use crate::error::LinkEnd;
use crate::protocol::Protocol;

impl<P: Protocol> Pump<P> {
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        let closing = matches!(self.stage, Stage::Closing { .. });
        let room = if closing { 0 } else { self.transport.room() };
        let work = self.shared.take(cx.waker(), room, &mut self.batch);
        if work.ended && !closing {
            // Someone could not wait for this task.
            return Err(LinkEnd::ClosedHere);
        }
        for frame in self.batch.drain(..) {
            self.transport.feed(frame)?;
        }
        let was_dirty = self.transport.is_dirty();
        let flushed = self.transport.poll_flush(cx);
        let moved = self.transport.bytes_written() - self.written;
        self.written += moved;
        match flushed {
            Poll::Ready(result) => {
                result.map_err(|end| self.ended_by(end))?;
                self.liveness.wrote_all();
                if work.awaits_flush {
                    self.shared.pending(|pending| pending.flushed());
                }
            }
            Poll::Pending if moved > 0 => self.liveness.wrote(Instant::now(), moved),
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

    pub(super) fn begin_close(&mut self) -> Result<(), LinkEnd> {
        self.shared.finish(LinkEnd::ClosedHere);
        self.stage = Stage::Closing { by: after(Instant::now(), self.close_timeout) };
        self.arm(None);
        self.transport.feed_close(NORMAL_CLOSURE, "")
    }

    /// Writes a message of our own past the queues and the window; returns the key that its answer carries. If a caller's request is
    /// already outstanding under that key, its answer serves for both.
    pub(super) fn feed_own(&mut self, out: P::Out) -> Result<Option<P::Key>, LinkEnd> {
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
}

/// The close code of an ordinary end (RFC 6455, 7.4.1).
const NORMAL_CLOSURE: u16 = 1000;
