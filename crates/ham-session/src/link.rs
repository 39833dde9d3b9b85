//! The handle of one live link.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::answer::{SendTicket, Ticket, by_deadline, started_before};
use crate::clock::after;
use crate::error::{LinkEnd, RequestError};
use crate::frame::Frame;
use crate::liveness::Health;
use crate::pending::Times;
use crate::protocol::Protocol;
use crate::shared::Shared;

/// One live link: a cheap handle to it. All clones are equal.
///
/// The socket is owned by the link's pump task, which [`dial`](crate::dial()) starts. The task ends when the link ends, after
/// [`close`](ham_persistent::Connection::close), and when the last handle is dropped: what is queued is then written and a close
/// frame is sent, and nobody waits for it.
pub struct Link<P: Protocol> {
    owner: Arc<Owner<P>>,
}

/// Closes the link when the last handle is dropped.
pub(crate) struct Owner<P: Protocol> {
    shared: Arc<Shared<P>>,
}

impl<P: Protocol> Drop for Owner<P> {
    fn drop(&mut self) {
        self.shared.ask_to_close();
    }
}

impl<P: Protocol> Link<P> {
    pub(crate) fn new(shared: Arc<Shared<P>>) -> Self {
        Self { owner: Arc::new(Owner { shared }) }
    }

    pub(crate) fn from_owner(owner: Arc<Owner<P>>) -> Self {
        Self { owner }
    }

    pub(crate) fn owner(&self) -> &Arc<Owner<P>> {
        &self.owner
    }

    /// What the handshake learned.
    #[must_use]
    pub fn welcome(&self) -> &P::Welcome {
        &self.shared().welcome
    }

    /// A number that no other link of this process has.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.shared().id
    }

    /// Sends a request and resolves with its answer.
    ///
    /// The deadline covers everything: waiting for a place in the window, writing, and the peer's answer. It holds whatever the
    /// socket does, and on whatever runtime this is awaited (which must have its timer enabled). An answer after the deadline goes to
    /// the inbox as [`Incoming::Orphan`](crate::Incoming::Orphan); the link stays usable, and the request's place is taken until then.
    ///
    /// # Errors
    /// - [`RequestError::NoKey`], [`Encode`](RequestError::Encode), [`TooLarge`](RequestError::TooLarge),
    ///   [`DuplicateKey`](RequestError::DuplicateKey): the request cannot be sent as it is;
    /// - [`RequestError::Overloaded`]: `max_in_flight + max_waiting` requests are outstanding;
    ///   [`OverloadedBytes`](RequestError::OverloadedBytes): the waiting frames have `max_waiting_bytes`;
    /// - [`RequestError::TimedOut`]: the deadline passed, before or after sending;
    /// - [`RequestError::LinkLost`]: the link ended, before or after sending;
    /// - [`RequestError::Draining`]: the link is being closed.
    ///
    /// # Cancel safety
    /// Dropping the future withdraws the request: if it was not yet taken for writing, it is never sent; otherwise its answer goes to
    /// the inbox, and its place is taken until then.
    pub async fn request(&self, out: P::Out, deadline: Instant) -> Result<P::In, RequestError> {
        self.request_sent_by(out, deadline, deadline).await
    }

    /// As [`request`](Self::request), but not sent after `send_by`: a request that still waits for a place then ends as
    /// [`RequestError::TimedOut`] in [`Phase::Queued`](crate::Phase::Queued). The answer to one that was sent is awaited until the
    /// deadline.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    ///
    /// # Cancel safety
    /// As [`request`](Self::request).
    pub async fn request_sent_by(
        &self,
        out: P::Out,
        send_by: Instant,
        deadline: Instant,
    ) -> Result<P::In, RequestError> {
        let shared = self.shared();
        let key = shared.protocol.key_of(&out).ok_or(RequestError::NoKey)?;
        let frame = self.encode(out)?;
        let send_by = send_by.min(deadline);
        let since = started_before(send_by)?;
        let (serial, answer) = shared.request(key.clone(), frame, Times { since, send_by, deadline })?;
        let mut ticket = Ticket { shared, serial, key: Some(key) };
        let result = by_deadline(shared, answer, since, deadline).await;
        ticket.key = None;
        result
    }

    /// Sends a message that expects no answer; resolves once the socket has taken it. That is no proof that it arrived.
    ///
    /// # Errors
    /// As [`request`](Self::request), without `NoKey` and `DuplicateKey`; [`RequestError::Overloaded`] if `max_waiting` messages wait for the socket.
    ///
    /// # Cancel safety
    /// Dropping the future removes the message unless it was already taken for writing.
    pub async fn send(&self, out: P::Out, deadline: Instant) -> Result<(), RequestError> {
        let shared = self.shared();
        let frame = self.encode(out)?;
        let since = started_before(deadline)?;
        let (serial, written) = shared.send(frame, since, deadline)?;
        let mut ticket = SendTicket { shared, serial: Some(serial) };
        let result = by_deadline(shared, written, since, deadline).await;
        ticket.serial = None;
        result
    }

    /// Queues a message that expects no answer, and returns at once: for replies from the inbox. A link that is
    /// closing still takes it, until the close frame is sent.
    ///
    /// # Errors
    /// As [`send`](Self::send), without `TimedOut` and `Draining`. `Ok` means queued, not written.
    pub fn try_send(&self, out: P::Out) -> Result<(), RequestError> {
        let frame = self.encode(out)?;
        self.shared().post(frame)
    }

    /// Whether the peer answers. Changes only while the link lives.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared().health.subscribe()
    }

    /// How long the last ping took; `None` until the first one is answered.
    #[must_use]
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.shared().round_trip_time()
    }

    /// How many requests are with the peer: how many places of
    /// [`max_in_flight`](crate::SessionConfig::max_in_flight) are taken. Those that timed out or whose callers went away
    /// count until they are answered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared().in_flight()
    }

    /// Why the link ended; `None` while it lives.
    #[must_use]
    pub fn end(&self) -> Option<Arc<LinkEnd>> {
        self.shared().end()
    }

    /// Replaces the link: it takes no new requests, lets the outstanding ones finish for at most `drain_timeout`, and ends; a
    /// persistent connection dials the next one. Returns at once.
    pub fn retire(&self) {
        self.shared().ask_to_close();
    }

    /// Whether the link takes requests: it has not ended, and nobody is closing or retiring it.
    #[must_use]
    pub fn takes_requests(&self) -> bool {
        self.shared().takes_requests()
    }

    fn encode(&self, out: P::Out) -> Result<Frame, RequestError> {
        let frame = self.shared().protocol.encode(out).map_err(RequestError::Encode)?;
        let (size, limit) = (frame.len(), self.shared().max_send_size);
        if size > limit { Err(RequestError::TooLarge { size, limit }) } else { Ok(frame) }
    }

    fn shared(&self) -> &Shared<P> {
        &self.owner.shared
    }
}

impl<P: Protocol> ham_persistent::Connection for Link<P> {
    type Cause = Arc<LinkEnd>;

    /// Resolves when the link has ended and its socket is released. If the runtime that dialled the link is no longer driven, that is
    /// when it is dropped.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    async fn closed(&self) -> Arc<LinkEnd> {
        let mut released = self.shared().released.subscribe();
        // The sender lives in `self`, so it cannot be gone before it says so.
        let _ = released.wait_for(|released| *released).await;
        self.end().unwrap_or_else(|| Arc::new(LinkEnd::ClosedHere))
    }

    /// Takes no new requests, lets the outstanding ones finish for at most `drain_timeout`, sends the close frame and waits at most
    /// `close_timeout` for the peer's. Resolves when the socket is released. If the runtime that dialled the link is no longer
    /// driven, it resolves [`CLOSE_GRACE`] after both time-outs: everything outstanding has failed by then, and the socket goes with that runtime.
    ///
    /// # Cancel safety
    /// The link goes on closing if the future is dropped.
    async fn close(&self) {
        self.shared().ask_to_close();
        if self.shared().shares_runtime() {
            // The pump enforces the time-outs.
            self.closed().await;
            return;
        }
        let bound = self.shared().close_bound.saturating_add(CLOSE_GRACE);
        if timeout_at(after(Instant::now(), bound), self.closed()).await.is_err() {
            self.shared().finish(LinkEnd::ClosedHere);
        }
    }
}

/// How much longer than a close's time-outs a caller on another runtime waits for the pump, which enforces them and is seldom later than that.
pub const CLOSE_GRACE: Duration = Duration::from_millis(100);

impl<P: Protocol> Clone for Link<P> {
    fn clone(&self) -> Self {
        Self { owner: Arc::clone(&self.owner) }
    }
}

impl<P: Protocol> fmt::Debug for Link<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.end();
        f.debug_struct("Link").field("id", &self.id()).field("end", &end).finish_non_exhaustive()
    }
}
