//! From what is to be called to signed bytes.

use std::sync::Arc;

use holochain_nonce::Nonce256Bits;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{FunctionName, Timestamp, ZomeCallParams, ZomeName};
use tokio::time::Instant;

use crate::call::{CallPlan, SignedCall};
use crate::cell::CallTarget;
use crate::config::MAX_NONCE_LIFE;
use crate::error::{CallError, SigningError};
use crate::shared::Shared;
use crate::signing::Credentials;

impl Shared {
    /// Signs a call whose nonce lives for the deadline and the skew margin, at most [`MAX_NONCE_LIFE`].
    pub(crate) async fn sign(&self, plan: &CallPlan, deadline: Instant) -> Result<SignedCall, CallError> {
        let cell_id = self.resolve(&plan.target, deadline).await?;
        if !self.signer.is_ready(&cell_id) {
            // A grant needs a running cell: say what is missing in those terms.
            self.check_enabled(&plan.target, deadline).await?;
        }
        let credentials = self.signer.credentials(&cell_id, deadline).await?;
        let expires_at = self.expiry(deadline);
        let mut nonce = [0; 32];
        let filled = self.config.entropy.fill(&mut nonce);
        filled.map_err(|error| SigningError::NoKey(format!("the system gives no randomness: {error}")))?;
        let params = ZomeCallParams {
            provenance: credentials.provenance.clone(),
            cell_id,
            zome_name: ZomeName::from(plan.zome.as_str()),
            fn_name: FunctionName::from(plan.function.as_str()),
            cap_secret: credentials.cap_secret,
            payload: plan.payload.clone(),
            nonce: Nonce256Bits::from(nonce),
            expires_at,
        };
        self.seal(plan.target.clone(), params, &credentials, deadline).await
    }

    pub(crate) async fn seal(
        &self,
        target: CallTarget,
        params: ZomeCallParams,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<SignedCall, CallError> {
        let (bytes, hash) =
            params.serialize_and_hash().map_err(|error| SigningError::Encode(error.to_string()))?;
        let signature = self.signer.sign(credentials, hash, deadline).await?;
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
            sent: Arc::default(),
        })
    }

    /// When the nonce of a call with this deadline expires. A call that waits longer than a nonce may live is signed anew
    /// when nothing of it was sent, and is [`CallError::Expired`] when something was.
    fn expiry(&self, deadline: Instant) -> Timestamp {
        let life = deadline.saturating_duration_since(Instant::now()).saturating_add(self.config.skew_margin);
        timestamp(self.config.wall_clock.now() + life.min(MAX_NONCE_LIFE))
    }

    /// Proves that calls to a cell can be signed. May write a grant.
    pub(crate) async fn prove_signing(&self, cell: &CellId, deadline: Instant) -> Result<(), CallError> {
        if !self.signer.is_ready(cell) {
            self.check_enabled(&cell.clone().into(), deadline).await?;
        }
        Ok(self.signer.prove(cell, deadline).await?)
    }
}

pub(crate) fn timestamp(time: std::time::SystemTime) -> Timestamp {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
