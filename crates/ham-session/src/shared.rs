//! What the handles of a link and its pump share.

mod state;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::SessionConfig;
use crate::error::{LinkEnd, RequestError};
use crate::frame::Frame;
use crate::liveness::Health;
use crate::pending::{Answer, Load, Pending, Times};
use crate::protocol::Protocol;
use state::{Admission, LinkState, Work};

/// What the handles of a link and its pump share. A std mutex rather than a channel: a caller that goes away removes its entry at
/// once, a frame's phase is exact, and a request costs one short lock. It is never held across an await, and no user code runs under it.
pub(crate) struct Shared<P: Protocol> {
    pub(crate) id: u64,
    pub(crate) protocol: Arc<P>,
    pub(crate) welcome: P::Welcome,
    pub(crate) max_send_size: usize,
    /// How long a close may take.
    pub(crate) close_bound: Duration,
    /// The runtime that drives the pump.
    runtime: Option<Id>,
    state: Mutex<LinkState<P>>,
    /// In nanoseconds; zero means "not measured yet".
    round_trip_time: AtomicU64,
    pub(crate) health: watch::Sender<Health>,
    /// Set last, when the socket is released.
    pub(crate) released: watch::Sender<bool>,
}

impl<P: Protocol> Shared<P> {
    pub(crate) fn new(
        protocol: Arc<P>,
        welcome: P::Welcome,
        pending: Pending<P::Key, P::In>,
        config: &SessionConfig,
    ) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            protocol,
            welcome,
            max_send_size: config.max_send_size,
            close_bound: config.drain_timeout.saturating_add(config.close_timeout),
            runtime: Handle::try_current().ok().map(|runtime| runtime.id()),
            state: Mutex::new(LinkState::new(pending)),
            round_trip_time: AtomicU64::new(0),
            health: watch::Sender::new(Health::Healthy),
            released: watch::Sender::new(false),
        }
    }

    pub(crate) fn request(
        &self,
        key: P::Key,
        frame: Frame,
        times: Times,
    ) -> Result<(u64, Answer<P::In>), RequestError> {
        self.submit(Admission::NewRequests, |pending| pending.request(key, frame, times))
    }

    pub(crate) fn send(
        &self,
        frame: Frame,
        since: Instant,
        deadline: Instant,
    ) -> Result<(u64, Answer<()>), RequestError> {
        self.submit(Admission::NewRequests, |pending| pending.send(frame, since, deadline))
    }

    pub(crate) fn post(&self, frame: Frame) -> Result<(), RequestError> {
        self.submit(Admission::Replies, |pending| pending.post(frame))
    }

    pub(crate) fn withdraw(&self, key: &P::Key, serial: u64) {
        self.withdraw_with(|pending| pending.withdraw(key, serial));
    }

    pub(crate) fn withdraw_send(&self, serial: u64) {
        self.withdraw_with(|pending| pending.withdraw_send(serial));
    }

    pub(crate) fn expire(&self, now: Instant) {
        self.withdraw_with(|pending| pending.expire(now));
    }

    /// A close may be waiting for the last one to go.
    fn withdraw_with(&self, f: impl FnOnce(&mut Pending<P::Key, P::In>)) {
        let mut state = self.state();
        f(&mut state.pending);
        if state.closing {
            Self::wake(state);
        }
    }

    /// Whether the caller is driven by the pump's runtime, or by no runtime, which has no timer to offer.
    pub(crate) fn shares_runtime(&self) -> bool {
        Handle::try_current().map_or(true, |here| self.runtime == Some(here.id()))
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.state().pending.in_flight()
    }

    pub(crate) fn end(&self) -> Option<Arc<LinkEnd>> {
        self.state().end.clone()
    }

    /// Whether a new request would be taken.
    pub(crate) fn takes_requests(&self) -> bool {
        self.state().admits(Admission::NewRequests).is_ok()
    }

    /// Asks the pump to let the outstanding requests finish and then to close.
    pub(crate) fn ask_to_close(&self) {
        let mut state = self.state();
        state.closing = true;
        Self::wake(state);
    }

    /// Moves up to `room` bytes of frames to `batch`, and at least one frame if `room` is not zero. From then on, the pump is woken
    /// for everything that is submitted.
    pub(crate) fn take(&self, waker: &Waker, room: usize, batch: &mut Vec<Frame>) -> Work {
        self.state().take(waker, room, batch)
    }

    /// Fails what is late; returns how the requests then stand, and when the next deadline is: for the pump.
    pub(crate) fn sweep(&self, now: Instant) -> (Load, Option<Instant>) {
        self.pending(|pending| {
            pending.expire(now);
            (pending.load(), pending.earliest_deadline())
        })
    }

    /// Runs `f` on the table: for the pump.
    pub(crate) fn pending<R>(&self, f: impl FnOnce(&mut Pending<P::Key, P::In>) -> R) -> R {
        f(&mut self.state().pending)
    }

    /// Marks the link as ended and fails everything outstanding. The first cause stays.
    pub(crate) fn finish(&self, end: LinkEnd) -> Arc<LinkEnd> {
        self.state().finish(end)
    }

    /// `None` until a ping has been answered.
    pub(crate) fn round_trip_time(&self) -> Option<Duration> {
        let nanos = self.round_trip_time.load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    pub(crate) fn set_round_trip_time(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.round_trip_time.store(nanos.max(1), Ordering::Relaxed);
    }

    fn submit<T>(
        &self,
        admission: Admission,
        f: impl FnOnce(&mut Pending<P::Key, P::In>) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        let mut state = self.state();
        state.admits(admission)?;
        let accepted = f(&mut state.pending)?;
        Self::wake(state);
        Ok(accepted)
    }

    /// Wakes a parked pump, after releasing the lock that it needs next.
    fn wake(mut state: MutexGuard<'_, LinkState<P>>) {
        let pump = state.unpark();
        drop(state);
        if let Some(pump) = pump {
            pump.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, LinkState<P>> {
        // The table is consistent between any two statements that can panic, so a poisoned lock is as good as new.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
