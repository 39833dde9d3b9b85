//! Takes a call to its outcome: signed, sent in its cell's lane, judged, and signed again where that is no risk.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ham_session::masked;
use holochain_zome_types::prelude::ExternIO;
use tokio::time::Instant;

use super::caller::{Caller, bad_answer};
use super::deliver::Delivery;
use super::delivered::{Delivered, RequestKind, Undelivered};
use super::lane::{self, Lane};
use super::options::{CallOptions, CallPlan, CallPolicy, UnknownCall};
use super::retry_policy::RetryPolicy;
use super::rounds::Rounds;
use super::send_state::FenceState;
use super::sign::{self, timestamp};
use super::signed::SignedCall;
use crate::dialect::Stage;
use crate::error::{CallError, Outcome};
use crate::events;
use crate::wire::{Effect, NotRunning, Refusal, Verdict};

/// Signs a call and sends it until it is settled.
pub(crate) async fn call(
    caller: &Caller,
    plan: &CallPlan,
    options: CallOptions,
) -> Result<ExternIO, CallError> {
    tracing::debug!(
        event = events::CALL_ZOME,
        role_name = plan.target.told(),
        zome_name = masked(&plan.zome),
        fn_name = masked(&plan.function)
    );
    let retry = RetryPolicy::of(&options, caller.config.deadline);
    let mut rounds = Rounds::of(options.policy);
    let mut lane = Lane::default();
    let result = loop {
        let granted = caller.signer.granted();
        let signed = match sign::call(caller, plan, retry.deadline, options.nonce_life).await {
            Ok(signed) => signed,
            Err(error) => break Err(rounds.after_loss(error)),
        };
        let error = match settle(caller, &signed, options.read_only, retry, &mut lane).await {
            Ok(output) => break Ok(output),
            Err(error) => error,
        };
        // Whoever reconciles a lost round must hear of every round that may have written.
        if !error.outcome().is_settled() || rounds.lost_one() && error.effect() == Effect::Unknown {
            tell(caller, &signed, &error);
        }
        if !rounds.another(caller, &signed, &error, granted, retry.deadline).await {
            break Err(rounds.after_loss(error));
        }
    };
    finish(caller, retry.began, result)
}

/// Sends a call that was signed earlier, by this process or another.
pub(crate) async fn send_signed(
    caller: &Caller,
    call: &SignedCall,
    options: CallOptions,
) -> Result<ExternIO, CallError> {
    let mut retry = RetryPolicy::of(&options, caller.config.deadline);
    retry.resumes = options.policy != CallPolicy::FailFast;
    let result = settle(caller, call, options.read_only, retry, &mut Lane::default()).await;
    if let Err(error) = &result
        && !error.outcome().is_settled()
    {
        tell(caller, call, error);
    }
    finish(caller, retry.began, result)
}

/// Sends the same bytes until they are settled, in the lane of their cell.
async fn settle(
    caller: &Caller,
    call: &SignedCall,
    read_only: bool,
    retry: RetryPolicy,
    lane: &mut Lane,
) -> Result<ExternIO, CallError> {
    let _sender = call.send_state.sender();
    admit(caller, call)?;
    if caller.config.lanes && !read_only {
        let by = retry.deadline.min(retry.send_by);
        let entered = lane.enter(&caller.lanes, &call.cell_id, by).await;
        if let Err(refused) = entered {
            return Err(lane_error(caller, call, refused, &retry).await);
        }
        // Pressure may have risen while it waited.
        admit(caller, call)?;
    }
    let request = call.request()?;
    let delivery = Delivery { caller, call, request, kind: RequestKind::Call, retry };
    match delivery.run().await {
        Ok(Delivered::Output(output)) => {
            caller.breakers.relax(&call.cell_id);
            Ok(output)
        }
        Ok(Delivered::Refused { refusal, verdict, open }) => Err(judge(caller, call, refusal, verdict, open)),
        Ok(Delivered::Unreadable(bad)) => Err(bad_answer(bad)),
        Err(undelivered) => Err(unanswered(call, &retry, undelivered)),
    }
}

/// Refuses a call to a cell under pressure. A call that may have been sent is settled, pressure or not; refusing it would claim that it never ran.
fn admit(caller: &Caller, call: &SignedCall) -> Result<(), CallError> {
    if call.send_state.may_have_left() || call.send_state.sent_beside(0) {
        return Ok(());
    }
    caller.breakers.admit(&call.cell_id)
}

/// The error of a call that did not get into its lane. A clone of it may have been sent.
async fn lane_error(
    caller: &Caller,
    call: &SignedCall,
    refused: lane::Refused,
    retry: &RetryPolicy,
) -> CallError {
    let after = retry.began.elapsed();
    let cause = match refused {
        lane::Refused::Full { limit } => CallError::Overloaded { limit },
        // If there is no link, the link is what the calls ahead of it wait for.
        lane::Refused::TimedOut => match caller.link(Instant::now()).await {
            Err(CallError::NoLink { last, .. }) => CallError::NoLink { after, last, sent: false },
            Err(error) => error,
            Ok(_) => CallError::TimedOut { target: call.label(), after, sent: false },
        },
    };
    let open = call.send_state.sent_beside(0);
    unanswered(call, retry, Undelivered { cause, lost_on: None, open })
}

/// Why a call has no answer: an error that claims nothing was sent holds only if no send may run.
fn unanswered(call: &SignedCall, retry: &RetryPolicy, undelivered: Undelivered) -> CallError {
    let Undelivered { cause, lost_on, open } = undelivered;
    match cause {
        cause if !open => cause,
        CallError::LinkLost { end, .. } => CallError::LinkLost { end, sent: true },
        CallError::TimedOut { target, after, .. } => CallError::TimedOut { target, after, sent: true },
        CallError::Closed { .. } => CallError::Closed { sent: true },
        CallError::NoLink { after, last, .. } if lost_on.is_none() => {
            CallError::NoLink { after, last, sent: true }
        }
        // Nothing that comes later can undo what a fence has proven.
        CallError::Fenced => CallError::Fenced,
        cause => match lost_on {
            Some(end) => CallError::LinkLost { end, sent: true },
            None if cause.outcome() == Outcome::Unknown => cause,
            None => CallError::TimedOut { target: call.label(), after: retry.began.elapsed(), sent: true },
        },
    }
}

/// What a refusal proves about a call; `open` says whether another send of it may run.
fn judge(caller: &Caller, call: &SignedCall, refusal: Refusal, verdict: Verdict, open: bool) -> CallError {
    match verdict {
        Verdict::Duplicate => match call.send_state.fence() {
            FenceState::NeverRan => CallError::Fenced,
            FenceState::Begun => CallError::Ambiguous { not_started_after: call.expires_at },
            FenceState::None | FenceState::Arrived => {
                CallError::Arrived { not_started_after: call.expires_at }
            }
        },
        Verdict::Expired | Verdict::FromTheFuture if open => CallError::Expired,
        Verdict::Expired if timestamp(caller.config.wall_clock.now()) >= call.expires_at => {
            CallError::ExpiredUnsent
        }
        Verdict::Expired => CallError::ClockSkew { verdict: "expired" },
        Verdict::FromTheFuture => CallError::ClockSkew { verdict: "from the future" },
        Verdict::NotRunning(reason) => not_running(call, reason, open),
        Verdict::NoApp if !open && refusal.is_before_nonce(&call.cell_id) => {
            CallError::AppNotInstalled { app_id: caller.config.app_id.clone() }
        }
        // The delivery has already asked for the reason.
        Verdict::NotRunningUnexplained
        | Verdict::NoCell
        | Verdict::NoApp
        | Verdict::NoSuchFunction
        | Verdict::NoGrant
        | Verdict::Other => {
            if verdict == Verdict::NoGrant || refusal.is_unreadable_entry() {
                caller.signer.doubt(&call.cell_id);
            }
            caller.breakers.note(&call.cell_id, refusal.recovery(), &caller.meter);
            // Only a decision at or after the nonce says what became of the earlier sends.
            let settles = match refusal.stage() {
                Some(Stage::AtNonce) => true,
                // If `init` is over, the words cannot be those of `init`.
                Some(Stage::InFunction) => caller.signer.proves_init(),
                Some(Stage::BeforeNonce) | None => false,
            };
            let unsettled = open && !settles;
            CallError::Refused { refusal, unsettled }
        }
    }
}

fn not_running(call: &SignedCall, reason: NotRunning, sent_before: bool) -> CallError {
    CallError::CellNotRunning { role: call.target.to_string(), reason, sent_before }
}

/// Reports a signed call to the hook.
fn tell(caller: &Caller, call: &SignedCall, error: &CallError) {
    let outcome = error.outcome();
    tracing::warn!(event = events::CALL_UNKNOWN, call = call.label(), %error);
    if let Some(hook) = &caller.config.on_unknown {
        let told = UnknownCall { call: call.clone(), outcome, error: error.clone() };
        // A bug in the owner's hook must not cost the caller the outcome.
        if catch_unwind(AssertUnwindSafe(|| hook(&told))).is_err() {
            tracing::error!(event = events::HOOK_PANICKED, call = call.label());
        }
    }
}

/// Records how a call ended.
fn finish(
    caller: &Caller,
    began: Instant,
    result: Result<ExternIO, CallError>,
) -> Result<ExternIO, CallError> {
    let outcome = result.as_ref().map_or_else(CallError::outcome, |_| Outcome::Answered);
    caller.meter.calls.ended(outcome, began.elapsed().as_secs_f64());
    result
}
