//! The loop that sends the same bytes until they are answered: for calls, fences and probes alike.

use std::sync::Arc;

use ham_session::{Link, LinkEnd, Phase, RequestError};
use tokio::time::Instant;

use super::caller::Caller;
use super::delivered::{Delivered, RequestKind, Undelivered};
use super::release::{self, forgets};
use super::retry_policy::{MAX_RESUMES, RetryPolicy};
use super::send_state::SendPermission;
use super::sign::timestamp;
use super::signed::SignedCall;
use super::start_pause::start_pause;
use super::verdict::verdict;
use crate::error::{CallError, from_request};
use crate::events;
use crate::wire::{self, BadAnswer, ConductorProtocol, NotRunning, Refusal, Request, Verdict};

/// Bytes on their way, on behalf of one signed call.
pub(crate) struct Delivery<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) call: &'a SignedCall,
    pub(crate) request: Request,
    pub(crate) kind: RequestKind,
    pub(crate) retry: RetryPolicy,
}

/// The sends of this delivery.
#[derive(Default)]
struct Own {
    /// Those whose fate is unknown.
    open: u32,
    /// Links that ended with a send on them, or while the release was being looked up.
    losses: u32,
    lost_on: Option<Arc<LinkEnd>>,
}

impl Delivery<'_> {
    /// Sends until there is an answer, or a reason why there will be none.
    pub(crate) async fn run(&self) -> Result<Delivered, Undelivered> {
        let mut own = Own::default();
        match self.attempts(&mut own).await {
            Ok(delivered) => Ok(delivered),
            // Checked only now: what a clone has done in the meantime counts.
            Err(cause) => {
                let open = self.open(&own, 0);
                Err(Undelivered { cause, lost_on: own.lost_on, open })
            }
        }
    }

    async fn attempts(&self, own: &mut Own) -> Result<Delivered, CallError> {
        loop {
            let on = self.next_link(own).await?;
            if !self.begin_send(own, on.proven)? {
                continue;
            }
            let link = on.link;
            if on.proven && self.kind == RequestKind::Call {
                tracing::info!(event = events::CALL_RESUMED, call = self.call.label());
                self.caller.meter.resumed.add();
            }
            let RetryPolicy { send_by, deadline, .. } = self.retry;
            let answer = match link.request_sent_by(self.request.again(), send_by, deadline).await {
                Ok(answer) => wire::zome_output(answer),
                Err(error) => {
                    self.not_answered(own, &link, error).await?;
                    continue;
                }
            };
            match answer {
                Ok(output) => {
                    self.claimed();
                    return Ok(Delivered::Output(output));
                }
                Err(BadAnswer::Refused(refusal)) => {
                    let cell = &self.call.cell_id;
                    let told = verdict(&link, refusal, cell, self.retry.deadline);
                    let (refusal, verdict) = told.await;
                    let open = self.open(own, 1);
                    self.note(&refusal, &verdict);
                    if verdict == Verdict::NotRunning(NotRunning::NotStarted) && self.await_start().await {
                        continue;
                    }
                    return Ok(Delivered::Refused { refusal, verdict, open });
                }
                Err(bad) => return Ok(Delivered::Unreadable(bad)),
            }
        }
    }

    /// The next link to send on. If the bytes may have left before, its conductor must be one that remembers nonces.
    async fn next_link(&self, own: &mut Own) -> Result<OnLink, CallError> {
        let RetryPolicy { deadline, send_by, .. } = self.retry;
        let repeats = match self.kind {
            RequestKind::Call => self.open(own, 0),
            RequestKind::Fence => true,
            RequestKind::Probe => false,
        };
        if repeats && self.kind == RequestKind::Call && self.has_expired() {
            return Err(CallError::Expired);
        }
        let by = deadline.min(send_by);
        let link = match repeats {
            true => self.repeatable(own, by).await?,
            false => self.caller.link(by).await?,
        };
        if self.kind == RequestKind::Call && self.has_expired() {
            return Err(if self.open(own, 0) { CallError::Expired } else { CallError::ExpiredUnsent });
        }
        if Instant::now() >= send_by {
            return Err(self.too_late(own));
        }
        Ok(OnLink { link, proven: repeats })
    }

    async fn repeatable(&self, own: &mut Own, by: Instant) -> Result<Link<ConductorProtocol>, CallError> {
        match release::repeatable(self.caller, &mut own.losses, by).await {
            // It is the call that has no answer, whatever request was made for it.
            Err(CallError::TimedOut { .. }) => Err(self.too_late(own)),
            result => result,
        }
    }

    /// The error once no further send may begin.
    fn too_late(&self, own: &Own) -> CallError {
        match &own.lost_on {
            Some(end) => CallError::LinkLost { end: end.clone(), sent: false },
            None => {
                let after = self.retry.began.elapsed();
                CallError::TimedOut { target: self.call.label(), after, sent: false }
            }
        }
    }

    /// Counts the send that is about to leave. `false` if a clone was sent in the meantime, so that the link must be one whose
    /// conductor remembers nonces.
    fn begin_send(&self, own: &Own, proven: bool) -> Result<bool, CallError> {
        match self.kind {
            RequestKind::Call => match self.call.send_state.send(own.open, proven) {
                SendPermission::Granted => {}
                SendPermission::Repeated => return Ok(false),
                SendPermission::Fenced => return Err(CallError::Fenced),
            },
            RequestKind::Fence => self.call.send_state.send_fence(),
            RequestKind::Probe => {}
        }
        Ok(true)
    }

    /// The send that was counted never left.
    fn never_left(&self) {
        match self.kind {
            RequestKind::Call => self.call.send_state.never_left(),
            RequestKind::Fence => self.call.send_state.fence_never_left(),
            RequestKind::Probe => {}
        }
    }

    fn claimed(&self) {
        if self.kind == RequestKind::Call {
            self.call.send_state.claimed();
        }
    }

    /// Records what a refusal settles, for every holder of the call.
    fn note(&self, refusal: &Refusal, verdict: &Verdict) {
        let untouched = refusal.is_before_nonce(&self.call.cell_id)
            || matches!(verdict, Verdict::Expired | Verdict::FromTheFuture);
        match self.kind {
            RequestKind::Call if untouched => self.call.send_state.left_nonce_untouched(),
            // Without a row in the table it may have run; a duplicate says that an earlier send did arrive.
            RequestKind::Call => self.call.send_state.claimed(),
            RequestKind::Fence if untouched => self.call.send_state.fence_never_left(),
            RequestKind::Fence | RequestKind::Probe => {}
        }
    }

    /// Handles a request that was not answered: `Ok` if the bytes are to be sent again.
    async fn not_answered(
        &self,
        own: &mut Own,
        link: &Link<ConductorProtocol>,
        error: RequestError,
    ) -> Result<(), CallError> {
        match error {
            RequestError::LinkLost { phase, end } => {
                if phase == Phase::Sent {
                    own.open += 1;
                    own.losses += 1;
                    own.lost_on = Some(end.clone());
                } else {
                    self.never_left();
                }
                let forgets = own.open > 0 && forgets(link);
                if !self.retry.resumes || own.losses > MAX_RESUMES || forgets {
                    return Err(CallError::LinkLost { end, sent: false });
                }
                Ok(())
            }
            // The link is being replaced, or the owner is closing: the next link tells which.
            RequestError::Draining => {
                self.never_left();
                Ok(())
            }
            RequestError::TimedOut { phase: Phase::Sent, after } => {
                own.open += 1;
                Err(CallError::TimedOut { target: self.call.label(), after, sent: false })
            }
            error => {
                self.never_left();
                Err(from_request(error, &self.call.label(), false))
            }
        }
    }

    /// Waits a moment for a cell that is starting; `false` if there is no time for it.
    async fn await_start(&self) -> bool {
        let RetryPolicy { began, deadline, send_by, waits_for_start, .. } = self.retry;
        let again = Instant::now() + start_pause(began.elapsed());
        if !waits_for_start || again >= deadline.min(send_by) {
            return false;
        }
        tokio::time::sleep_until(again).await;
        true
    }

    /// Whether a send of these bytes may run, from any holder, besides the one under way.
    fn open(&self, own: &Own, under_way: u32) -> bool {
        let counted = own.open + under_way;
        match self.kind {
            RequestKind::Call => own.open > 0 || self.call.send_state.sent_beside(counted),
            RequestKind::Fence => own.open > 0 || self.call.send_state.fenced_beside(counted),
            RequestKind::Probe => false,
        }
    }

    /// Whether the nonce has expired by our clock.
    fn has_expired(&self) -> bool {
        timestamp(self.caller.config.wall_clock.now()) >= self.call.expires_at
    }
}

/// A link, and whether its conductor is known to remember nonces.
struct OnLink {
    link: Link<ConductorProtocol>,
    proven: bool,
}
