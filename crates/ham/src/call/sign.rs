//! Turns a planned call into signed bytes.

use std::sync::Arc;
use std::time::Duration;

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{FunctionName, Timestamp, ZomeCallParams, ZomeName};
use tokio::time::Instant;

use super::caller::Caller;
use super::options::{CallPlan, MAX_NONCE_LIFE, MIN_NONCE_LIFE};
use super::send_state::SendState;
use super::signed::SignedCall;
use super::target::{self, CallTarget};
use crate::error::{CallError, SigningError};
use crate::signing::Credentials;

/// Signs a call. Its nonce lives for `life`, or for the deadline plus the skew margin, from [`MIN_NONCE_LIFE`] to [`MAX_NONCE_LIFE`].
pub(crate) async fn call(
    caller: &Caller,
    plan: &CallPlan,
    deadline: Instant,
    life: Option<Duration>,
) -> Result<SignedCall, CallError> {
    let (cell_id, credentials) = credentials(caller, &plan.target, deadline).await?;
    let mut nonce = [0; 32];
    caller
        .config
        .entropy
        .fill(&mut nonce)
        .map_err(|why| SigningError::NoKey(format!("the system gives no randomness: {why}")))?;
    let params = ZomeCallParams {
        provenance: credentials.provenance.clone(),
        cell_id,
        zome_name: ZomeName::from(plan.zome.as_str()),
        fn_name: FunctionName::from(plan.function.as_str()),
        cap_secret: credentials.cap_secret,
        payload: plan.payload.clone(),
        nonce: nonce.into(),
        expires_at: expiry(caller, deadline, life),
    };
    seal(caller, plan.target.clone(), params, &credentials, deadline).await
}

/// How often one call looks up its role's cell again: the bound for an app that is reinstalled over and over.
pub(super) const MAX_MOVES: u32 = 3;

/// The cell that is meant, and in whose name it is called. A reinstalled app has other cells.
async fn credentials(
    caller: &Caller,
    target: &CallTarget,
    deadline: Instant,
) -> Result<(CellId, Arc<Credentials>), CallError> {
    let mut cell = caller.resolve(target, deadline).await.map_err(CallError::of_look_up)?;
    let mut moves = 0;
    loop {
        if !caller.signer.is_ready(&cell) {
            // A grant needs a running cell: report in those terms what is missing.
            caller.check_enabled(target, deadline).await.map_err(CallError::of_look_up)?;
        }
        let error = match caller.signer.credentials(&cell, deadline).await {
            Ok(credentials) => return Ok((cell, credentials)),
            Err(error) => error,
        };
        let now = meant_now(caller, target, &error, deadline).await?;
        match now.filter(|now| error.tells_of_a_missing_cell() && *now != cell && moves < MAX_MOVES) {
            Some(now) => (cell, moves) = (now, moves + 1),
            None => return Err(error.into()),
        }
    }
}

/// The cell that is meant, looked up again if signing failed as it does when a cell has gone away; `None` if it is not known.
///
/// # Errors
/// The cell did go away, with its app or as a clone: whatever signing ran into, this is why.
async fn meant_now(
    caller: &Caller,
    target: &CallTarget,
    error: &SigningError,
    deadline: Instant,
) -> Result<Option<CellId>, CallError> {
    if !error.may_be_of_a_missing_app() {
        return Ok(None);
    }
    match caller.refresh(deadline).await {
        Ok(info) => target::known(&info, target).map(Some),
        Err(gone @ CallError::AppNotInstalled { .. }) => Err(gone),
        Err(_) => Ok(None),
    }
}

/// Encodes and signs.
pub(crate) async fn seal(
    caller: &Caller,
    target: CallTarget,
    params: ZomeCallParams,
    credentials: &Credentials,
    deadline: Instant,
) -> Result<SignedCall, CallError> {
    let (bytes, hash) =
        params.serialize_and_hash().map_err(|error| SigningError::Encode(error.to_string()))?;
    let signature = caller.signer.sign(credentials, hash, deadline).await?;
    Ok(SignedCall {
        target,
        cell_id: params.cell_id,
        zome: params.zome_name.0.into_owned(),
        function: params.fn_name.0,
        provenance: params.provenance,
        nonce: params.nonce.into_inner(),
        expires_at: params.expires_at,
        bytes,
        signature,
        send_state: SendState::default(),
    })
}

/// When the nonce of a call expires. A call that waits longer than its nonce lives is signed again if nothing of it was sent, and is
/// [`CallError::Expired`] otherwise.
fn expiry(caller: &Caller, deadline: Instant, life: Option<Duration>) -> Timestamp {
    let until_deadline = || {
        let left = deadline.saturating_duration_since(Instant::now());
        left.saturating_add(caller.config.skew_margin)
    };
    let life = life.unwrap_or_else(until_deadline).clamp(MIN_NONCE_LIFE, MAX_NONCE_LIFE);
    timestamp(caller.config.wall_clock.now() + life)
}

/// Proves that calls to a cell can be signed. May write a grant.
pub(crate) async fn prove(caller: &Caller, cell: &CellId, deadline: Instant) -> Result<(), CallError> {
    if !caller.signer.is_ready(cell) {
        caller.check_enabled(&cell.clone().into(), deadline).await.map_err(CallError::of_look_up)?;
    }
    let Err(error) = caller.signer.prove(cell, deadline).await else { return Ok(()) };
    meant_now(caller, &cell.clone().into(), &error, deadline).await?;
    Err(error.into())
}

pub(crate) fn timestamp(time: std::time::SystemTime) -> Timestamp {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
