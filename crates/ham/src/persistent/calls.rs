//! Calls on a connection: made, prepared, sent again, settled.

use std::fmt;
use std::time::Duration;

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ExternIO;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::handle::PersistentHam;
use crate::call::{self, CallOptions, CallPlan, CallTarget, Fenced, SignedCall};
use crate::deadline::deadline_after;
use crate::error::{CallError, FenceError};
use crate::wire::shallow;

impl PersistentHam {
    /// Calls a zome function with the connection's deadline and [`CallPolicy::Resume`](crate::CallPolicy::Resume).
    ///
    /// # Errors
    /// See [`CallError`]; ask it for [`outcome`](CallError::outcome), [`effect`](CallError::effect) and
    /// [`recovery`](CallError::recovery).
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; a call that was sent may still run. If its fate matters, use
    /// [`prepare`](Self::prepare).
    pub async fn call_zome<I, O>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
    ) -> Result<O, CallError>
    where
        I: Serialize + fmt::Debug,
        O: DeserializeOwned,
    {
        self.call_zome_with(target, zome, function, payload, CallOptions::default()).await
    }

    /// As [`call_zome`](Self::call_zome), with options.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// As [`call_zome`](Self::call_zome).
    pub async fn call_zome_with<I, O>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
        options: CallOptions,
    ) -> Result<O, CallError>
    where
        I: Serialize + fmt::Debug,
        O: DeserializeOwned,
    {
        let payload = Self::encode(payload)?;
        let output = self.call_zome_raw(target, zome, function, payload, options).await?;
        Self::decode(&output)
    }

    pub(crate) fn encode(input: impl Serialize + fmt::Debug) -> Result<ExternIO, CallError> {
        ExternIO::encode(input).map_err(|error| CallError::Encode(error.to_string()))
    }

    pub(crate) fn decode<O: DeserializeOwned>(output: &ExternIO) -> Result<O, CallError> {
        shallow(&output.0).map_err(CallError::Decode)?;
        rmp_serde::from_slice(&output.0).map_err(|error| CallError::Decode(error.to_string()))
    }

    /// Calls a zome function with an encoded payload and returns the encoded output.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// As [`call_zome`](Self::call_zome).
    pub async fn call_zome_raw(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: ExternIO,
        options: CallOptions,
    ) -> Result<ExternIO, CallError> {
        call::call(&self.caller, &plan(target, zome, function, payload), options).await
    }

    /// Signs a call without sending it, so that it can be written to a journal first. Signing may take until `deadline`; the nonce
    /// lives for `deadline` plus the skew margin, but never longer than [`MAX_NONCE_LIFE`](crate::MAX_NONCE_LIFE).
    ///
    /// # Errors
    /// See [`CallError`]; nothing was sent.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn prepare<I: Serialize + fmt::Debug>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
        deadline: Duration,
    ) -> Result<SignedCall, CallError> {
        let payload = Self::encode(payload)?;
        call::sign(&self.caller, &plan(target, zome, function, payload), deadline_after(deadline), None).await
    }

    /// As [`prepare`](Self::prepare), with an encoded payload and a nonce that lives for `life`, at most
    /// [`MAX_NONCE_LIFE`](crate::MAX_NONCE_LIFE). Signing may take as long as the connection's deadline.
    ///
    /// # Errors
    /// See [`CallError`]; nothing was sent.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn prepare_raw(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: ExternIO,
        life: Duration,
    ) -> Result<SignedCall, CallError> {
        let deadline = deadline_after(self.caller.config.deadline);
        call::sign(&self.caller, &plan(target, zome, function, payload), deadline, Some(life)).await
    }

    /// Sends a prepared call, or sends it again: after a lost link, or after this process has crashed. The conductor runs it at most once.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Arrived`] if an earlier send got through, [`CallError::Fenced`] if a fence has proven that it
    /// never ran, [`CallError::Ambiguous`] if a fence may have used up its nonce. A call read from a journal may have been sent by
    /// the process that wrote it, so its errors never claim [`Outcome::NotRun`](crate::Outcome::NotRun) unless the conductor's answer proves it.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; send it again to learn more.
    pub async fn send_signed(&self, call: &SignedCall, options: CallOptions) -> Result<ExternIO, CallError> {
        call::send_signed(&self.caller, call, options).await
    }

    /// Settles a lost call: burns its nonce with a harmless request, or learns that the call had arrived. `within` defaults to the
    /// connection's deadline.
    ///
    /// The call and its clones remember what it proves: one that never ran is not sent again.
    ///
    /// # Errors
    /// See [`FenceError`], which says nothing about the call; the fence may be repeated.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the nonce was burnt; fence again. A service that keeps calls in a journal
    /// calls [`SignedCall::begin_fence`] first and writes the call to it again.
    pub async fn fence(&self, call: &SignedCall, within: Option<Duration>) -> Result<Fenced, FenceError> {
        let deadline = deadline_after(within.unwrap_or(self.caller.config.deadline));
        call::fence(&self.caller, call, deadline).await
    }

    /// Whether the cell can be called now, and if not, why. Calls a zome that no app has, which the conductor refuses before the
    /// nonce; the cell's `init` runs first, as it does for any first call.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::CellNotRunning`] with the reason.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn callable(&self, target: impl Into<CallTarget>) -> Result<CellId, CallError> {
        let deadline = deadline_after(self.caller.config.deadline);
        call::callable(&self.caller, &target.into(), deadline).await
    }

    /// Resolves when the cell can be called. `waiting` is told the reason whenever it changes.
    ///
    /// # Errors
    /// The last reason when `within` has passed.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn wait_until_callable(
        &self,
        target: impl Into<CallTarget>,
        within: Duration,
        waiting: impl FnMut(&CallError),
    ) -> Result<CellId, CallError> {
        call::wait_until_callable(&self.caller, &target.into(), deadline_after(within), waiting).await
    }
}

fn plan(target: impl Into<CallTarget>, zome: &str, function: &str, payload: ExternIO) -> CallPlan {
    CallPlan { target: target.into(), zome: zome.to_owned(), function: function.to_owned(), payload }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer of a zome; `wire/protocol/tests.rs` covers what the conductor itself says.
    #[test]
    fn an_output_that_nests_without_end_is_not_decoded() {
        let decoded = PersistentHam::decode::<serde::de::IgnoredAny>(&ExternIO::from(vec![0x91; 1000]));
        assert!(matches!(decoded, Err(CallError::Decode(why)) if why.contains("nests deeper")));
    }
}
