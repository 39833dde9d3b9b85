//! Keeping the time: deadlines, pings, probes, the bounds of a close.

use std::future::Future as _;
use std::task::Context;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Pump, Stage};
use crate::error::LinkEnd;
use crate::pending::Load;
use crate::protocol::{Keepalive, Protocol};

impl<P: Protocol> Pump<P> {
    /// Runs what is due, and leaves the timer armed for what is due next.
    pub(super) fn keep_time(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkEnd> {
        if self.timer.as_mut().poll(cx).is_pending() {
            return Ok(false);
        }
        let now = Instant::now();
        if self.held.is_some() {
            self.liveness.held(now);
        }
        let (load, earliest) = self.shared.sweep(now);
        match self.stage {
            Stage::Closing { by } if now >= by => return Err(LinkEnd::ClosedHere),
            Stage::Draining { by } if now >= by => self.begin_close()?,
            Stage::Closing { .. } => {}
            Stage::Open | Stage::Draining { .. } => self.keep_alive(now, load)?,
        }
        self.armed = self.next_deadline(earliest);
        self.timer.as_mut().reset(self.armed);
        Ok(true)
    }

    fn keep_alive(&mut self, now: Instant, load: Load) -> Result<(), LinkEnd> {
        let due = self.liveness.tick(now, load);
        if let Some(death) = due.death {
            return Err(death.into());
        }
        if due.ping {
            self.send_keepalive()?;
        }
        if due.probe
            && self.probe.is_none()
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
                    // Nothing can answer it, so nothing can be missing either.
                    self.liveness.pong(Instant::now());
                }
                Ok(())
            }
        }
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

    /// Moves the timer forward if something is due before it; a timer that fires too early only costs a check.
    pub(super) fn arm(&mut self, earliest: Option<Instant>) {
        let deadline = self.next_deadline(earliest);
        if deadline < self.armed {
            self.armed = deadline;
            self.timer.as_mut().reset(deadline);
        }
    }
}
