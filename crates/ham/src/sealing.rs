//! From what is to be called to signed bytes.

use std::sync::Arc;
use std::time::Duration;

use holochain_zome_types::prelude::{FunctionName, Timestamp, ZomeCallParams, ZomeName};
use tokio::time::Instant;

use crate::call::{CallPlan, SignedCall};
use crate::cell::CallTarget;
use crate::config::MAX_NONCE_LIFE;
use crate::error::{CallError, SigningError};
use crate::shared::Shared;
use crate::signing::Credentials;

impl Shared {
    /// Signs a call whose nonce lives for the deadline and the skew margin.
    pub(crate) async fn sign(&self, plan: &CallPlan, deadline: Instant) -> Result<SignedCall, CallError> {
        let cell_id = self.resolve(&plan.target, deadline).await?;
        if !self.signer.is_ready(&cell_id) {
            // A grant needs a running cell: say what is missing in those terms.
            self.check_enabled(&plan.target, deadline).await?;
        }
        let credentials = self.signer.credentials(&cell_id, deadline).await?;
        let life = deadline.saturating_duration_since(Instant::now()) + self.config.skew_margin;
        let expires_at = self.wall_time(life)?;
        let (nonce, _) = holochain_nonce::fresh_nonce(Timestamp::from_micros(0))
            .map_err(|error| SigningError::NoKey(format!("the system gives no randomness: {error}")))?;
        let params = ZomeCallParams {
            provenance: credentials.provenance.clone(),
            cell_id,
            zome_name: ZomeName::from(plan.zome.as_str()),
            fn_name: FunctionName::from(plan.function.as_str()),
            cap_secret: credentials.cap_secret,
            payload: plan.payload.clone(),
            nonce,
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

    /// The wall-clock time `life` from now.
    fn wall_time(&self, life: Duration) -> Result<Timestamp, CallError> {
        if life > MAX_NONCE_LIFE {
            return Err(CallError::DeadlineTooLong {
                deadline: life.saturating_sub(self.config.skew_margin),
                limit: MAX_NONCE_LIFE.saturating_sub(self.config.skew_margin),
            });
        }
        Ok(timestamp(self.config.wall_clock.now() + life))
    }
}

pub(crate) fn timestamp(time: std::time::SystemTime) -> Timestamp {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
