//! Where a caller waits for the outcome of its request or send.

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{LinkEnd, Phase, RequestError};
use crate::pending::Answer;
use crate::protocol::Protocol;
use crate::shared::Shared;

/// Waits for the result, but no longer than until `deadline`.
///
/// The pump ends what is late, with one timer for everything: a timer per request costs a third of all that a request costs. A caller
/// on another runtime also has a timer of its own, because nothing guarantees that the pump's runtime is still driven. On the same
/// runtime the caller's timer would stop with the pump's. Without a runtime there is no timer.
pub(crate) async fn by_deadline<P: Protocol, T>(
    shared: &Shared<P>,
    mut answer: Answer<T>,
    since: Instant,
    deadline: Instant,
) -> Result<T, RequestError> {
    let mut timer = pin!(None::<Sleep>);
    let told = poll_fn(|cx| {
        if let Poll::Ready(told) = Pin::new(&mut answer).poll(cx) {
            return Poll::Ready(Some(told));
        }
        // Checked each time, because a future can move to another runtime while it waits.
        if timer.is_none() && !shared.shares_runtime() {
            timer.set(Some(sleep_until(deadline)));
        }
        match timer.as_mut().as_pin_mut() {
            Some(timer) => timer.poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    });
    if let Some(told) = told.await {
        return told.unwrap_or_else(|_| Err(untold(shared)));
    }
    let now = Instant::now().max(deadline);
    shared.expire(now);
    answer.try_recv().unwrap_or_else(|error| match error {
        // The pump has just taken it from the table but has not handed the answer out yet: the inbox gets it.
        TryRecvError::Empty => {
            Err(RequestError::TimedOut { phase: Phase::Sent, after: now.saturating_duration_since(since) })
        }
        TryRecvError::Closed => Err(untold(shared)),
    })
}

/// The table answers each entry that it removes, so this takes a bug; Unknown is the answer that cannot be wrong.
fn untold<P: Protocol>(shared: &Shared<P>) -> RequestError {
    let end = shared.end().unwrap_or_else(|| Arc::new(LinkEnd::ClosedHere));
    RequestError::LinkLost { phase: Phase::Sent, end }
}

/// Now, unless the deadline has already passed.
pub(crate) fn started_before(deadline: Instant) -> Result<Instant, RequestError> {
    let now = Instant::now();
    if deadline > now {
        Ok(now)
    } else {
        Err(RequestError::TimedOut { phase: Phase::Queued, after: Duration::ZERO })
    }
}

/// Withdraws a request when its caller goes away before the result.
pub(crate) struct Ticket<'a, P: Protocol> {
    pub(crate) shared: &'a Shared<P>,
    pub(crate) serial: u64,
    pub(crate) key: Option<P::Key>,
}

impl<P: Protocol> Drop for Ticket<'_, P> {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.shared.withdraw(key, self.serial);
        }
    }
}

/// The same for a send.
pub(crate) struct SendTicket<'a, P: Protocol> {
    pub(crate) shared: &'a Shared<P>,
    pub(crate) serial: Option<u64>,
}

impl<P: Protocol> Drop for SendTicket<'_, P> {
    fn drop(&mut self) {
        if let Some(serial) = self.serial {
            self.shared.withdraw_send(serial);
        }
    }
}
