//! Settles a lost call: burns its nonce, or learns that the call had arrived.

use holochain_nonce::Nonce256Bits;
use holochain_zome_types::prelude::{ExternIO, FunctionName, ZomeCallParams, ZomeName};
use tokio::time::Instant;

use super::caller::Caller;
use super::deliver::Delivery;
use super::delivered::{Delivered, RequestKind, Undelivered};
use super::release;
use super::retry_policy::RetryPolicy;
use super::send_state::FenceState;
use super::sign;
use super::signed::SignedCall;
use crate::error::{FenceError, SigningError};
use crate::wire::Verdict;

/// What burning a nonce showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fenced {
    /// The nonce was free and is now burnt: the call never ran and never will.
    NeverRan,
    /// The call had already arrived: it ran, was refused, failed, or is running. Reconcile.
    Arrived,
    /// The nonce had expired: the call can no longer start; only the chain can tell whether it ran.
    TooLate,
    /// The nonce is burnt, possibly by an earlier fence of the call: the call can no longer start; only the chain can tell whether it ran.
    Ambiguous,
}

/// A function that no zome exports.
pub(crate) const FENCE_FUNCTION: &str = "ham_fence_no_such_function";

/// The callback that a conductor runs by itself. A call to it claims no nonce (`holochain` 0.7.1).
const INIT: &str = "init";

/// Burns the nonce of a lost call by calling, under the same nonce, a function that does not exist.
pub(crate) async fn fence(
    caller: &Caller,
    call: &SignedCall,
    deadline: Instant,
) -> Result<Fenced, FenceError> {
    let before = call.send_state.fence();
    if before == FenceState::NeverRan {
        return Ok(Fenced::NeverRan);
    }
    if call.function == INIT {
        return Err(FenceError::Init);
    }
    let retry = RetryPolicy::until(deadline);
    // Before anything is signed: signing can write a grant.
    release::repeatable(caller, &mut 0, deadline).await.map_err(FenceError::of)?;
    let request = request(caller, call, deadline).await?;
    let delivery = Delivery { caller, call, request, kind: RequestKind::Fence, retry };
    match delivery.run().await {
        Ok(Delivered::Refused { refusal, verdict, open }) => match verdict {
            // Both are decided after this fence has claimed the nonce.
            Verdict::NoSuchFunction | Verdict::NoGrant => Ok(proven(call, FenceState::NeverRan)),
            Verdict::Duplicate if before == FenceState::Arrived => Ok(Fenced::Arrived),
            Verdict::Duplicate if open => Ok(after_another(call)),
            Verdict::Duplicate => Ok(proven(call, FenceState::Arrived)),
            Verdict::Expired => Ok(Fenced::TooLate),
            Verdict::NotRunning(reason) => {
                Err(FenceError::CellNotRunning { role: call.target.to_string(), reason })
            }
            Verdict::FromTheFuture => Err(FenceError::ClockSkew),
            Verdict::NotRunningUnexplained | Verdict::NoCell | Verdict::NoApp | Verdict::Other => {
                Err(FenceError::Refused { refusal })
            }
        },
        Ok(Delivered::Output(_)) => {
            Err(FenceError::UnexpectedResponse("the fence's function exists and was run".into()))
        }
        Ok(Delivered::Unreadable(bad)) => Err(FenceError::UnexpectedResponse(bad.to_string())),
        Err(Undelivered { cause, .. }) => Err(FenceError::of(cause)),
    }
}

fn proven(call: &SignedCall, state: FenceState) -> Fenced {
    call.send_state.settle_fence(state);
    match state {
        FenceState::NeverRan => Fenced::NeverRan,
        FenceState::Arrived => Fenced::Arrived,
        FenceState::None | FenceState::Begun => Fenced::Ambiguous,
    }
}

/// Another fence may have claimed the nonce, or a fence in another task may have learned so in the meantime.
fn after_another(call: &SignedCall) -> Fenced {
    match call.send_state.fence() {
        FenceState::NeverRan => Fenced::NeverRan,
        FenceState::None | FenceState::Begun | FenceState::Arrived => Fenced::Ambiguous,
    }
}

/// The fence for a call: the same agent, nonce and expiry, and a function that no zome has.
async fn request(
    caller: &Caller,
    call: &SignedCall,
    deadline: Instant,
) -> Result<crate::wire::Request, FenceError> {
    // No new grant: a key of today cannot fence a call made with another one.
    let held = caller.signer.held(&call.cell_id, deadline).await?;
    let Some(credentials) = held.filter(|held| held.provenance == call.provenance) else {
        let why =
            "the call was signed by another key; a fence needs the same one (keep client keys in a file)";
        return Err(SigningError::NoKey(why.into()).into());
    };
    let params = ZomeCallParams {
        provenance: credentials.provenance.clone(),
        cell_id: call.cell_id.clone(),
        zome_name: ZomeName::from(call.zome.as_str()),
        fn_name: FunctionName::from(FENCE_FUNCTION),
        cap_secret: credentials.cap_secret,
        payload: ExternIO::encode(()).map_err(|error| SigningError::Encode(error.to_string()))?,
        nonce: Nonce256Bits::from(call.nonce),
        expires_at: call.expires_at,
    };
    let sealed = sign::seal(caller, call.target.clone(), params, &credentials, deadline).await;
    sealed.and_then(|fence| fence.request()).map_err(FenceError::of)
}
