//! What is done for one call: waiting for its turn, signing, sending, fencing. Each ends with an input for the machine.

use std::sync::Arc;
use std::time::Duration;

use ham::{CallError, CallOptions, CallTarget, PersistentHam, SignedCall, masked};
use holochain_zome_types::prelude::ExternIO;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::call::Call;
use super::config::OutboxConfig;
use super::crash;
use super::ending::{Again, is_retryable, of_fence, of_sending};
use super::lane::Place;
use super::link::is_up_after;
use super::machine::{FenceEnded, Input, Mode, SendEnded};
use super::stored::Stored;
use super::time;
use crate::metrics;

/// What is done for one call, and what ends it.
#[derive(Debug)]
pub(super) struct ActionRunner {
    pub(super) config: Arc<OutboxConfig>,
    /// `None` if the gateway no longer has a connection to the call's app.
    pub(super) ham: Option<PersistentHam>,
    pub(super) place: Option<Place>,
    pub(super) stops: Stops,
    pub(super) cancelled: CancellationToken,
}

/// How the outbox ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Stops {
    /// Nothing more begins.
    pub(super) closing: CancellationToken,
    /// Everything under way is dropped.
    pub(super) ended: CancellationToken,
}

/// What happened.
#[derive(Debug)]
pub(super) enum Happened {
    /// This input; and the answer for the call if that settles it.
    Input(Input, Option<Stored>),
    /// It is signed.
    Signed(Box<SignedCall>),
    /// The outbox is stopping. The record says what the next start does.
    Stopped,
}

/// How far the conductor's clock may be behind ours: if by its clock the nonce lives longer than 50 minutes minus this, it does
/// not accept the call at all. So a call can no longer start once its nonce has been over for this long by our clock.
const CLOCKS_DISAGREE: Duration = Duration::from_secs(5 * 60);

impl ActionRunner {
    /// Waits for the call's lane, for a pause that ends early if a link comes up, and for a link.
    pub(super) async fn turn(&self, call: &Call, pause: Duration) -> Happened {
        let ready = async {
            if let Some(place) = &self.place {
                place.turn().await;
            }
            self.link_after(pause).await;
        };
        tokio::select! {
            // What ends the call before what begins it; all of these end by themselves.
            biased;
            () = self.cancelled.cancelled() => cancelled(false),
            () = self.stops.closing.cancelled() => Happened::Stopped,
            () = sleep_until(self.deliver_until(call)) => self.time_over(call),
            () = ready => Happened::Input(Input::Turn, None),
        }
    }

    /// Signs the call with a new nonce.
    pub(super) async fn sign(&self, call: &Call, payload: Vec<u8>) -> Happened {
        let signing = async {
            let Some(ham) = &self.ham else { return std::future::pending().await };
            let (zome, function) = (call.zome.as_str(), call.function.as_str());
            let (payload, life) = (ExternIO::from(payload), self.config.nonce_life);
            Box::pin(ham.prepare_raw(call.role.as_str(), zome, function, payload, life)).await
        };
        tokio::select! {
            biased;
            () = self.cancelled.cancelled() => cancelled(false),
            () = self.stops.closing.cancelled() => match call.record.mode() {
                // Nobody asks for it after a start.
                Mode::Keyed => {
                    let told = Stored::of(&CallError::Closed { sent: false });
                    Happened::Input(Input::Cancelled { sent: false }, Some(told))
                }
                Mode::Async | Mode::Direct => Happened::Stopped,
            },
            result = signing => match result {
                Ok(signed) => Happened::Signed(Box::new(signed)),
                Err(error) => {
                    let failed = Input::SignFailed { retryable: is_retryable(&error) };
                    Happened::Input(failed, Some(Stored::of(&error)))
                }
            },
            () = sleep_until(self.deliver_until(call)) => self.time_over(call),
        }
    }

    /// Sends the call's bytes on every link until the delivery deadline, and listens for the answer longer. See [`Again`].
    pub(super) async fn send(&self, call: &Call, signed: &SignedCall, is_let_anew: bool) -> Happened {
        let Some(ham) = &self.ham else {
            return Happened::Input(Input::SendEnded(SendEnded::Unknown), None);
        };
        let now = time::now(&*self.config.wall_clock);
        let deliver = time::until(call.deliver_until, now);
        if deliver.is_zero() && !signed.may_have_been_sent() {
            // Writing it down took too long.
            let told = Stored::of(&self.late(call));
            return Happened::Input(Input::SendEnded(SendEnded::NotRun { retryable: false }), Some(told));
        }
        let mut listen = deliver.saturating_add(self.config.linger);
        if call.record.mode() == Mode::Async {
            listen = listen.min(self.config.answer_within);
        }
        let listen = listen.min(time::until(time::of_timestamp(signed.expires_at()), now));
        let mut options = CallOptions::default().with_deadline(listen).with_resume_for(deliver);
        options.read_only = call.read_only;
        tokio::select! {
            biased;
            () = self.cut_off(signed, ham) => cancelled(signed.may_have_been_sent()),
            () = crash::call_left(signed) => std::future::pending().await,
            result = Box::pin(ham.send_signed(signed, options)) => {
                crash::answer_is_lost().await;
                let (ended, told) = of_sending(result, Again::of(call, is_let_anew));
                Happened::Input(Input::SendEnded(ended), Some(told))
            }
            () = self.stops.ended.cancelled() => match signed.may_have_been_sent() {
                true => Happened::Stopped,
                false => {
                    let ended = SendEnded::NotRun { retryable: true };
                    let told = Stored::of(&CallError::Closed { sent: false });
                    Happened::Input(Input::SendEnded(ended), Some(told))
                }
            },
        }
    }

    /// Finds out whether the call arrived, in a way that prevents it from starting later.
    pub(super) async fn fence(&self, signed: &SignedCall, pause: Duration) -> Happened {
        let cannot_start =
            time::of_timestamp(signed.expires_at()).saturating_add(time::span(CLOCKS_DISAGREE));
        let cannot_start = self.instant(cannot_start);
        tokio::select! {
            biased;
            () = self.stops.closing.cancelled() => return Happened::Stopped,
            () = self.link_after(pause) => {}
            () = sleep_until(cannot_start) => return expired(),
        }
        let Some(ham) = &self.ham else { return expired() };
        tokio::select! {
            biased;
            () = self.stops.ended.cancelled() => Happened::Stopped,
            result = Box::pin(ham.fence(signed, None)) => {
                let (ended, told) = of_fence(&result, signed.expires_at(), self.cancelled.is_cancelled());
                if let Err(error) = &result {
                    tracing::warn!(event = super::events::FENCE_FAILED, call = %signed_label(signed), %error);
                }
                metrics::fenced(match ended {
                    FenceEnded::NeverRan => "never_ran",
                    FenceEnded::Arrived => "arrived",
                    FenceEnded::NobodyCanTell => "nobody_can_tell",
                    FenceEnded::Failed => "failed",
                });
                Happened::Input(Input::FenceEnded(ended), told)
            }
            () = crash::fence_left(signed) => std::future::pending().await,
            () = sleep_until(cannot_start) => expired(),
        }
    }

    /// Resolves once the call is cancelled and can be cut off: before it has left, or if no link can bring its answer.
    async fn cut_off(&self, signed: &SignedCall, ham: &PersistentHam) {
        self.cancelled.cancelled().await;
        if signed.may_have_been_sent() {
            let mut link = ham.state();
            while link.get().is_live() && link.changed().await.is_some() {}
        }
    }

    /// Whether the delivery deadline of the call is over.
    pub(super) fn is_over(&self, call: &Call) -> bool {
        time::now(&*self.config.wall_clock) >= call.deliver_until
    }

    /// Resolves when there is a link, after a pause that ends early if a link comes up.
    async fn link_after(&self, pause: Duration) {
        match &self.ham {
            Some(ham) => is_up_after(pause, ham).await,
            None => std::future::pending().await,
        }
    }

    fn deliver_until(&self, call: &Call) -> Instant {
        self.instant(call.deliver_until)
    }

    fn instant(&self, at: i64) -> Instant {
        later(time::until(at, time::now(&*self.config.wall_clock)))
    }

    fn time_over(&self, call: &Call) -> Happened {
        Happened::Input(Input::TimeOver, Some(Stored::of(&self.late(call))))
    }

    /// Why the call was not sent in time.
    fn late(&self, call: &Call) -> CallError {
        let after = time::until(call.deliver_until, call.accepted_at);
        let state = self.ham.as_ref().map(|ham| ham.state().get());
        match state {
            Some(state) if state.is_live() => {
                CallError::TimedOut { target: call.label(), after, sent: false }
            }
            Some(state) => CallError::NoLink { after, last: state.to_string(), sent: false },
            None => CallError::NoLink { after, last: "the app is not configured".into(), sent: false },
        }
    }
}

fn cancelled(sent: bool) -> Happened {
    // For a call that was sent, a fence finds out.
    Happened::Input(Input::Cancelled { sent }, (!sent).then(|| Stored::cancelled("it was not sent")))
}

fn expired() -> Happened {
    Happened::Input(Input::NonceExpired, Some(Stored::of(&CallError::Expired)))
}

fn signed_label(signed: &SignedCall) -> String {
    let (zome, function) = signed.function();
    let target = match signed.target() {
        CallTarget::Role(role) => masked(role),
        cell @ CallTarget::Cell(_) => cell.to_string(),
    };
    format!("{target}/{}/{}", masked(zome), masked(function))
}

/// A moment too far away for tokio's timers is moved to the furthest one that they reach.
fn later(after: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(after.min(A_YEAR)).unwrap_or(now)
}

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
