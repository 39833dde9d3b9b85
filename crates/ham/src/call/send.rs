//! The loop that sends the same bytes until they are settled, and what an answer proves.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ham_session::{LinkEnd, Phase, RequestError};
use holochain_zome_types::prelude::ExternIO;
use tokio::time::Instant;

use super::caller::{Caller, bad_answer};
use super::options::{CallOptions, CallPlan, CallPolicy, UnknownCall};
use super::sign::timestamp;
use super::signed::SignedCall;
use super::start_pause::start_pause;
use super::verdict::forgets;
use crate::deadline::deadline_after;
use crate::dialect::Stage;
use crate::error::{CallError, Outcome, from_request};
use crate::wire::{self, BadAnswer, NotRunning, Refusal, Verdict};
use crate::{events, metrics as names};

/// How many links a call may be lost with before it is taken for their cause: a call that kills every link it is sent on
/// must not take all others down until its deadline.
pub const MAX_RESUMES: u32 = 32;

/// The state of one call across its sendings.
struct Sending<'a> {
    call: &'a SignedCall,
    /// How the link ended that carried a sending whose fate is unknown.
    lost_on: Option<Arc<LinkEnd>>,
    /// How many links carried a sending to their end.
    losses: u32,
    /// The same bytes may have left before this process or this run.
    sent_before: bool,
    /// Why the cell does not run, where the app's status had to tell it.
    status: Option<NotRunning>,
    began: Instant,
    deadline: Instant,
}

impl Sending<'_> {
    fn sent(&self) -> bool {
        self.sent_before || self.lost_on.is_some()
    }

    /// The error of a sending that never left, after others may have: it must not hide them.
    fn never_left(&self, error: CallError) -> CallError {
        match &self.lost_on {
            Some(end) => CallError::LinkLost { end: end.clone(), sent: true },
            None if self.sent_before => {
                CallError::TimedOut { target: self.call.label(), after: self.began.elapsed(), sent: true }
            }
            None => error,
        }
    }
}

/// The error of a call that is signed anew after `lost`: the round that was lost may have run.
fn after_loss(lost: CallError, error: CallError) -> CallError {
    match error {
        CallError::Refused { refusal, .. } => CallError::Refused { refusal, unsettled: true },
        error if error.outcome() == Outcome::NotRun => lost,
        error => error,
    }
}

/// What an answer means for the call.
enum Judgement {
    Settled(CallError),
    /// The cell is starting: send the same bytes again.
    Starting,
}

impl Caller {
    /// Signs a call and sends it until it is settled.
    pub(crate) async fn call(&self, plan: &CallPlan, options: CallOptions) -> Result<ExternIO, CallError> {
        let began = Instant::now();
        let deadline = deadline_after(options.deadline.unwrap_or(self.config.deadline));
        tracing::debug!(event = events::CALL_ZOME, role_name = %plan.target, zome_name = plan.zome, fn_name = plan.function);
        let mut repeats = match options.policy {
            CallPolicy::Repeat { times } => times,
            CallPolicy::FailFast | CallPolicy::Resume => 0,
        };
        // A grant that is written after a call was refused for want of one may let the call pass: nothing of it ran.
        let mut renewed = false;
        // An earlier round that was sent and lost: what a later one says of itself must not hide it.
        let mut lost: Option<(SignedCall, CallError)> = None;
        loop {
            let granted = self.signer.granted();
            let (signed, result) = match self.sign(plan, deadline).await {
                Ok(signed) => {
                    let result = self.run(&signed, options.policy == CallPolicy::Resume, deadline).await;
                    (Some(signed), result)
                }
                Err(error) => (None, Err(error)),
            };
            match (signed, result) {
                // The deadline is longer than a nonce lives. Nothing of the call has left: a new nonce is no risk.
                (_, Err(CallError::ExpiredUnsent)) if Instant::now() < deadline => {}
                (Some(signed), Err(error @ CallError::LinkLost { .. }))
                    if repeats > 0 && Instant::now() < deadline =>
                {
                    repeats -= 1;
                    if error.outcome() == Outcome::Unknown {
                        lost = Some((signed, error));
                    }
                }
                (Some(signed), Err(error))
                    if !renewed
                        && lost.is_none()
                        && self.renewed(&signed, &error, granted, deadline).await =>
                {
                    renewed = true;
                }
                (signed, Err(error)) => {
                    let (signed, error) = match lost {
                        Some((earlier, lost)) => (signed.or(Some(earlier)), after_loss(lost, error)),
                        None => (signed, error),
                    };
                    return self.finish(began, signed.as_ref(), Err(error));
                }
                (signed, Ok(output)) => return self.finish(began, signed.as_ref(), Ok(output)),
            }
        }
    }

    /// Whether a call was refused for want of a grant, and a grant was written since: a chain may have been restored without
    /// it.
    async fn renewed(&self, call: &SignedCall, error: &CallError, granted: u32, deadline: Instant) -> bool {
        let CallError::Refused { refusal, unsettled: false } = error else { return false };
        refusal.verdict(&call.cell_id) == Verdict::NoGrant
            && self.signer.credentials(&call.cell_id, deadline).await.is_ok()
            && self.signer.granted() > granted
    }

    /// Sends a call that was signed earlier, by this process or another.
    pub(crate) async fn send_signed(
        &self,
        call: &SignedCall,
        options: CallOptions,
    ) -> Result<ExternIO, CallError> {
        let began = Instant::now();
        let deadline = deadline_after(options.deadline.unwrap_or(self.config.deadline));
        let resume = options.policy != CallPolicy::FailFast;
        let result = self.run(call, resume, deadline).await;
        self.finish(began, Some(call), result)
    }

    /// Sends the same bytes until they are settled.
    async fn run(&self, call: &SignedCall, resume: bool, deadline: Instant) -> Result<ExternIO, CallError> {
        if !call.sent.load(Ordering::Relaxed) {
            // What may have been sent is settled, pressure or not; refusing it would claim that it never ran.
            self.breakers.admit(&call.cell_id)?;
        }
        let began = Instant::now();
        let request = call.request()?;
        let sent_before = call.sent.load(Ordering::Relaxed);
        let mut marked = false;
        let mut sending =
            Sending { call, lost_on: None, losses: 0, sent_before, status: None, began, deadline };
        loop {
            let link = match sending.sent() {
                true if self.has_expired(call) => return Err(CallError::Expired),
                true => self.repeatable_link(&mut sending.losses, deadline).await,
                false => self.link(deadline).await,
            };
            let link = match link {
                Ok(link) => link,
                Err(error @ CallError::UnsafeToRepeat { .. }) if sending.lost_on.is_none() => {
                    return Err(error);
                }
                Err(error) => return Err(sending.never_left(error)),
            };
            if self.has_expired(call) {
                return Err(if sending.sent() { CallError::Expired } else { CallError::ExpiredUnsent });
            }
            if sending.sent() {
                tracing::info!(event = events::CALL_RESUMED, call = call.label());
                metrics::counter!(names::RESUMED).increment(1);
            }
            if !std::mem::replace(&mut marked, true)
                && call.sent.swap(true, Ordering::Relaxed)
                && !sending.sent_before
            {
                // A clone of the call was sent meanwhile.
                sending.sent_before = true;
                continue;
            }
            match link.request(request.again(), deadline).await {
                Ok(answer) => match wire::zome_output(answer) {
                    Ok(output) => {
                        self.breakers.relax(&call.cell_id);
                        return Ok(output);
                    }
                    Err(BadAnswer::Refused(refusal)) => {
                        let cell = &call.cell_id;
                        let told = self.verdict(&link, refusal, cell, &mut sending.status, deadline);
                        let (refusal, verdict) = told.await;
                        match self.judge(refusal, verdict, &sending) {
                            Judgement::Settled(error) => return Err(error),
                            Judgement::Starting => {
                                let pause = start_pause(began.elapsed());
                                if Instant::now() + pause >= deadline {
                                    return Err(self.not_running(&sending, NotRunning::NotStarted));
                                }
                                tokio::time::sleep_until(Instant::now() + pause).await;
                            }
                        }
                    }
                    Err(bad) => return Err(bad_answer(bad)),
                },
                Err(RequestError::LinkLost { phase, end }) => {
                    if phase == Phase::Sent {
                        sending.lost_on = Some(end.clone());
                        sending.losses += 1;
                    }
                    if !resume || sending.losses > MAX_RESUMES || (sending.sent() && forgets(&link)) {
                        return Err(CallError::LinkLost { end, sent: sending.sent() });
                    }
                }
                Err(error @ RequestError::TimedOut { .. }) => {
                    return Err(from_request(error, &call.label(), sending.sent()));
                }
                Err(error) => {
                    return Err(sending.never_left(from_request(error, &call.label(), sending.sent())));
                }
            }
        }
    }

    /// Whether the nonce of a call has run out by our clock.
    fn has_expired(&self, call: &SignedCall) -> bool {
        timestamp(self.config.wall_clock.now()) >= call.expires_at
    }

    fn not_running(&self, sending: &Sending<'_>, reason: NotRunning) -> CallError {
        CallError::CellNotRunning {
            role: sending.call.target.to_string(),
            reason,
            sent_before: sending.sent(),
        }
    }

    /// What a refusal proves, given what was sent before.
    fn judge(&self, refusal: Refusal, verdict: Verdict, sending: &Sending<'_>) -> Judgement {
        Judgement::Settled(match verdict {
            Verdict::Duplicate => CallError::Arrived { not_started_after: sending.call.expires_at },
            Verdict::Expired | Verdict::FromTheFuture if sending.sent() => CallError::Expired,
            Verdict::Expired if self.has_expired(sending.call) => CallError::ExpiredUnsent,
            Verdict::Expired => CallError::ClockSkew { verdict: "expired" },
            Verdict::FromTheFuture => CallError::ClockSkew { verdict: "from the future" },
            Verdict::NotRunning(NotRunning::NotStarted) if Instant::now() < sending.deadline => {
                return Judgement::Starting;
            }
            Verdict::NotRunning(reason) => self.not_running(sending, reason),
            // `verdict` has asked for the reason.
            verdict @ (Verdict::NotRunningUnexplained
            | Verdict::NoSuchFunction
            | Verdict::NoGrant
            | Verdict::Other) => {
                if verdict == Verdict::NoGrant || refusal.is_unreadable_entry() {
                    self.signer.doubt(&sending.call.cell_id);
                }
                self.breakers.note(&sending.call.cell_id, refusal.recovery());
                let settles = matches!(refusal.stage(), Some(Stage::Always | Stage::AtNonce));
                let unsettled = sending.sent() && !settles;
                CallError::Refused { refusal, unsettled }
            }
        })
    }

    /// Records how a call ended and tells the hook of one that is not settled.
    fn finish(
        &self,
        began: Instant,
        call: Option<&SignedCall>,
        result: Result<ExternIO, CallError>,
    ) -> Result<ExternIO, CallError> {
        let outcome = result.as_ref().map_or_else(CallError::outcome, |_| Outcome::Answered);
        // Written out, because labels that the macro knows cost nothing at run time.
        match outcome {
            Outcome::Answered => metrics::counter!(names::CALLS, "outcome" => "answered"),
            Outcome::NotRun => metrics::counter!(names::CALLS, "outcome" => "not_run"),
            Outcome::Unknown => metrics::counter!(names::CALLS, "outcome" => "unknown"),
            Outcome::Arrived { .. } => metrics::counter!(names::CALLS, "outcome" => "arrived"),
        }
        .increment(1);
        metrics::histogram!(names::CALL_SECONDS).record(began.elapsed().as_secs_f64());
        if let (Err(error), Some(call), Outcome::Unknown | Outcome::Arrived { .. }) = (&result, call, outcome)
        {
            tracing::warn!(event = events::CALL_UNKNOWN, call = call.label(), %error);
            if let Some(hook) = &self.config.on_unknown {
                hook(&UnknownCall { call: call.clone(), outcome, error: error.clone() });
            }
        }
        result
    }
}
