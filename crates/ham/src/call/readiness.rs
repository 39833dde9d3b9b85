//! Whether a cell can be called, and if not, why.

use std::time::Duration;

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ExternIO;
use tokio::time::Instant;

use super::caller::{Caller, bad_answer};
use super::deliver::Delivery;
use super::delivered::{Delivered, RequestKind};
use super::options::CallPlan;
use super::retry_policy::RetryPolicy;
use super::sign;
use super::signed::SignedCall;
use super::target::CallTarget;
use crate::error::{AdminError, CallError, SigningError};
use crate::wire::{BadAnswer, NotRunning, Verdict};

/// How often a cell that is not callable is polled: there is no event to wait for (holochain#5951).
pub const READINESS_POLL: Duration = Duration::from_millis(100);

/// A zome that no app has.
const PROBE_ZOME: &str = "ham_readiness_probe";

/// Resolves when a cell can be called. `waiting` is told the reason whenever it changes.
pub(crate) async fn wait_until_callable(
    caller: &Caller,
    target: &CallTarget,
    deadline: Instant,
    mut waiting: impl FnMut(&CallError),
) -> Result<CellId, CallError> {
    let mut told = String::new();
    let mut last = None;
    loop {
        let error = match callable(caller, target, deadline).await {
            Ok(cell) => return Ok(cell),
            Err(error) => error,
        };
        let worth_waiting = matches!(error, CallError::CellNotRunning { .. }) || error.is_retryable();
        if !worth_waiting || Instant::now() + READINESS_POLL >= deadline {
            // Running out of time in the middle of a probe is not the reason.
            return Err(match (error, last) {
                (CallError::TimedOut { .. } | CallError::NoLink { .. }, Some(last)) => last,
                (error, _) => error,
            });
        }
        let reason = error.to_string();
        if reason != told {
            tracing::info!(target = %target, %error, "waiting until the cell can be called");
            waiting(&error);
            told = reason;
        }
        last = Some(error);
        tokio::time::sleep_until(Instant::now() + READINESS_POLL).await;
    }
}

/// Whether a cell can be called now.
pub(crate) async fn callable(
    caller: &Caller,
    target: &CallTarget,
    deadline: Instant,
) -> Result<CellId, CallError> {
    caller.check_enabled(target, deadline).await?;
    let not_running =
        |reason| CallError::CellNotRunning { role: target.to_string(), reason, sent_before: false };
    let payload = ExternIO::encode(()).map_err(|error| CallError::Encode(error.to_string()))?;
    let probe =
        CallPlan { target: target.clone(), zome: PROBE_ZOME.into(), function: PROBE_ZOME.into(), payload };
    let signed = sign::call(caller, &probe, deadline, None).await.map_err(|error| granting(error, target))?;
    match refused_probe(caller, &signed, deadline).await? {
        Some(reason) => Err(not_running(reason)),
        None => Ok(signed.cell_id().clone()),
    }
}

/// Sends a probe once, without waiting for a cell to start, and returns why it does not run. A probe runs nothing but `init`, so none
/// of its errors claims that anything was sent.
async fn refused_probe(
    caller: &Caller,
    call: &SignedCall,
    deadline: Instant,
) -> Result<Option<NotRunning>, CallError> {
    let request = call.request()?;
    let delivery =
        Delivery { caller, call, request, kind: RequestKind::Probe, retry: RetryPolicy::once(deadline) };
    match delivery.run().await {
        Ok(Delivered::Output(_)) => Ok(None),
        Ok(Delivered::Refused { verdict: Verdict::NotRunning(reason), .. }) => Ok(Some(reason)),
        Ok(Delivered::Refused { verdict: Verdict::NoApp, .. }) => {
            Err(CallError::AppNotInstalled { app_id: caller.config.app_id.clone() })
        }
        // The cell runs: the call got as far as the zome or the nonce.
        Ok(Delivered::Refused { refusal, .. }) if refusal.tells_of_a_cell_that_runs() => Ok(None),
        Ok(Delivered::Refused { refusal, .. }) => Err(CallError::Refused { refusal, unsettled: false }),
        Ok(Delivered::Unreadable(bad)) => Err(bad_answer(bad)),
        Err(undelivered) => Err(undelivered.cause),
    }
}

/// If a starting cell refused a grant, the error says so: the cell is not callable.
fn granting(error: CallError, target: &CallTarget) -> CallError {
    if let CallError::Signing(SigningError::Grant(AdminError::Answer {
        source: BadAnswer::Refused(refusal),
        ..
    })) = &error
        && refusal.tells_of_a_cell_that_starts()
    {
        return CallError::CellNotRunning {
            role: target.to_string(),
            reason: NotRunning::NotStarted,
            sent_before: false,
        };
    }
    error
}
