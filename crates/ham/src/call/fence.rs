//! Settles a lost call: burns its nonce, or learns that the call had arrived.

use std::sync::Arc;
use std::time::Duration;

use ham_session::{Phase, RequestError};
use holochain_nonce::Nonce256Bits;
use holochain_zome_types::prelude::{ExternIO, FunctionName, ZomeCallParams, ZomeName};
use tokio::time::Instant;

use super::caller::Caller;
use super::signed::SignedCall;
use super::start_pause::START_PAUSE;
use crate::deadline::deadline_after;
use crate::error::{CallError, SigningError, from_request};
use crate::wire::{self, BadAnswer, NotRunning, Verdict};

/// What burning a nonce showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fenced {
    /// The nonce was free and is burnt now: the call never ran and never will.
    NeverRan,
    /// The call had arrived before: it ran, was refused, failed, or is running. Reconcile.
    Arrived,
    /// The nonce had expired: the call cannot start any more; whether it ran is for the chain to tell.
    TooLate,
    /// An earlier fence of this very request was lost, so the nonce is burnt, by the fence or by the call: it cannot
    /// start any more; whether it ran is for the chain to tell.
    Ambiguous,
}

/// A function that no zome exports.
pub(crate) const FENCE_FUNCTION: &str = "ham_fence_no_such_function";

impl Caller {
    /// Burns the nonce of a lost call by asking, under the same nonce, for a function that does not exist.
    pub(crate) async fn fence(
        &self,
        call: &SignedCall,
        within: Option<Duration>,
    ) -> Result<Fenced, CallError> {
        let deadline = deadline_after(within.unwrap_or(self.config.deadline));
        // Before anything is signed: signing can write a grant.
        let mut losses = 0;
        self.repeatable_link(&mut losses, deadline).await?;
        let fence = self.sign_fence(call, deadline).await?;
        let request = fence.request()?;
        let mut lost = None;
        let mut status = None;
        loop {
            let link = match (self.repeatable_link(&mut losses, deadline).await, &lost) {
                (Ok(link), _) => link,
                (Err(_), Some(end)) => return Err(CallError::LinkLost { end: Arc::clone(end), sent: true }),
                (Err(error), None) => return Err(error),
            };
            let answer = match link.request(request.again(), deadline).await {
                Ok(answer) => answer,
                Err(RequestError::LinkLost { phase, end }) => {
                    if phase == Phase::Sent {
                        lost = Some(end);
                    }
                    losses += 1;
                    continue;
                }
                Err(error) => return Err(from_request(error, &call.label(), lost.is_some())),
            };
            let not_running = |reason| CallError::CellNotRunning {
                role: call.target.to_string(),
                reason,
                sent_before: lost.is_some(),
            };
            let refusal = match wire::zome_output(answer) {
                Err(BadAnswer::Refused(refusal)) => refusal,
                Err(other) => return Err(CallError::UnexpectedResponse(other.to_string())),
                Ok(_) => {
                    return Err(CallError::UnexpectedResponse(
                        "the fence's function exists and was run".into(),
                    ));
                }
            };
            let (refusal, verdict) = self.verdict(&link, refusal, &call.cell_id, &mut status, deadline).await;
            return match verdict {
                // Both are decided after the nonce was claimed, and by this fence.
                Verdict::NoSuchFunction | Verdict::NoGrant => Ok(Fenced::NeverRan),
                Verdict::Duplicate if lost.is_some() => Ok(Fenced::Ambiguous),
                Verdict::Duplicate => Ok(Fenced::Arrived),
                Verdict::Expired => Ok(Fenced::TooLate),
                Verdict::NotRunning(NotRunning::NotStarted) => {
                    tokio::time::sleep_until(deadline.min(Instant::now() + START_PAUSE)).await;
                    if Instant::now() >= deadline {
                        return Err(not_running(NotRunning::NotStarted));
                    }
                    continue;
                }
                Verdict::NotRunning(reason) => Err(not_running(reason)),
                Verdict::FromTheFuture => Err(CallError::ClockSkew { verdict: "from the future" }),
                Verdict::NotRunningUnexplained | Verdict::Other => {
                    Err(CallError::Refused { refusal, unsettled: lost.is_some() })
                }
            };
        }
    }

    /// The fence for a call: same agent, nonce and expiry, a function that no zome has.
    async fn sign_fence(&self, call: &SignedCall, deadline: Instant) -> Result<SignedCall, CallError> {
        let credentials = self.signer.credentials(&call.cell_id, deadline).await?;
        if credentials.provenance != call.provenance {
            return Err(SigningError::NoKey(
                "the call was signed by another key; a fence needs the same one (keep client keys in a file)"
                    .into(),
            )
            .into());
        }
        let params = ZomeCallParams {
            provenance: credentials.provenance.clone(),
            cell_id: call.cell_id.clone(),
            zome_name: ZomeName::from(call.zome.as_str()),
            fn_name: FunctionName::from(FENCE_FUNCTION),
            cap_secret: credentials.cap_secret,
            payload: ExternIO::encode(()).map_err(|error| CallError::Encode(error.to_string()))?,
            nonce: Nonce256Bits::from(call.nonce),
            expires_at: call.expires_at,
        };
        self.seal(call.target.clone(), params, &credentials, deadline).await
    }
}
