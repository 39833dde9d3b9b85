//! How much of a message has come and how long it has taken, compared with the conductor's bounds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::framing::Framing;
use super::incoming_limits::{IncomingLimits, Refusal, Reservation};

/// For one connection whose handshake is done.
pub(super) struct Meter {
    limits: IncomingLimits,
    framing: Framing,
    reservation: Reservation,
    until: Pin<Box<Sleep>>,
    /// How long nobody had read when `until` was set.
    paused: Duration,
}

impl Meter {
    pub(super) fn new(limits: IncomingLimits) -> Self {
        let until = Box::pin(sleep_until(Instant::now() + limits.time()));
        Self {
            limits,
            framing: Framing::default(),
            reservation: Reservation::default(),
            until,
            paused: Duration::ZERO,
        }
    }

    /// Counts what has come; `paused` is how long nobody has read in all.
    ///
    /// # Errors
    /// There is no room for it.
    pub(super) fn take(&mut self, bytes: &[u8], paused: Duration) -> Result<(), Refusal> {
        let was_amid = self.framing.is_amid();
        let completed = self.framing.read(bytes);
        if completed {
            self.reservation = Reservation::default();
        }
        if self.framing.is_amid() && (completed || !was_amid) {
            self.until.as_mut().reset(Instant::now() + self.limits.time());
            self.paused = paused;
        }
        self.limits.grow(&mut self.reservation, self.framing.message())
    }

    /// Ready when a message is late. Time in which nobody read is not the client's delay.
    pub(super) fn poll_late(&mut self, context: &mut Context<'_>, paused: Duration) -> Poll<Refusal> {
        while self.framing.is_amid() && self.until.as_mut().poll(context).is_ready() {
            let more = paused.saturating_sub(self.paused);
            if more.is_zero() {
                return Poll::Ready(Refusal::Time { after: self.limits.time() });
            }
            let until = self.until.deadline() + more;
            self.until.as_mut().reset(until);
            self.paused = paused;
        }
        Poll::Pending
    }
}
