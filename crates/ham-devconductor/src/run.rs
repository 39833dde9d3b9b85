//! Runs the functions of a DNA's zomes.

use std::sync::Arc;

use holochain_serialized_bytes::SerializedBytesError;
use holochain_types::prelude::{CallbackResult, ExternIO, FunctionName, ZomeName};
use holochain_wasmer_common::WasmErrorInner;
use serde::de::DeserializeOwned;

use crate::budget::Budget;
use crate::decode::decode;
use crate::error::RibosomeError;
use crate::host::{Access, CallContext};
use crate::ribosome::Ribosome;
use crate::thread::{apart, blocking};
use crate::wasm::RuntimeError;

/// Runs functions for one purpose, on one budget.
pub(crate) struct Run<'a> {
    pub(crate) ribosome: &'a Arc<Ribosome>,
    /// What they run for.
    pub(crate) access: Access,
    pub(crate) budget: &'a Budget,
}

impl Run<'_> {
    /// Runs a function if the zome has it, on a thread that may block.
    ///
    /// # Errors
    /// The error that the guest returned, or why it could not be run.
    ///
    /// # Cancel safety
    /// Dropping the future lets the function run on; its answer is lost.
    pub(crate) async fn function(
        &self,
        zome: &ZomeName,
        function: &FunctionName,
        input: ExternIO,
    ) -> Result<Option<ExternIO>, RibosomeError> {
        let zome = self.ribosome.zome(zome);
        let Some(zome) = zome.filter(|zome| zome.module.has(function.0.as_str())) else {
            return Ok(None);
        };
        let context = CallContext::new(
            Arc::clone(self.ribosome),
            zome.name.clone(),
            function.clone(),
            self.access.clone(),
            self.budget.clone(),
        );
        let (module, budget, function) = (Arc::clone(&zome.module), self.budget.clone(), function.clone());
        let name = zome.name.clone();
        let called = Arc::clone(&module);
        let run = move || called.guest(&name.0, Arc::new(context), &budget)?.call(&function.0, &input);
        // A call that clones waits for a genesis.
        let may_be_waited_for =
            self.budget.is_nested() || matches!(self.access, Access::GenesisSelfCheck { .. });
        let output = if may_be_waited_for { apart(run).await?? } else { blocking(run).await?? };
        tokio::task::spawn_blocking(move || module.prepare());
        Ok(Some(output))
    }

    /// Calls a callback in zome after zome; the first definitive result ends it.
    ///
    /// # Errors
    /// A callback does not return what it must, or the host failed.
    pub(crate) async fn callbacks<C: CallbackResult + DeserializeOwned + std::fmt::Debug>(
        &self,
        zomes: impl IntoIterator<Item = ZomeName>,
        function: &FunctionName,
        input: &ExternIO,
    ) -> Result<Vec<(ZomeName, C)>, RibosomeError> {
        let mut results = Vec::new();
        for zome in zomes {
            let result: C = match self.function(&zome, function, input.clone()).await {
                Ok(None) => continue,
                Ok(Some(output)) => decode(output.as_bytes()).map_err(|error| match error {
                    SerializedBytesError::Deserialize(text) => RibosomeError::CallbackInvalidReturnType(text),
                    other => other.into(),
                })?,
                Err(RibosomeError::WasmRuntimeError(RuntimeError::User(error))) => {
                    if matches!(error.error, WasmErrorInner::Deserialize(_)) {
                        return Err(RibosomeError::CallbackInvalidParameters);
                    }
                    C::try_from_wasm_error(error)?
                }
                Err(error) => return Err(error),
            };
            if result.is_definitive() {
                return Ok(vec![(zome, result)]);
            }
            results.push((zome, result));
        }
        Ok(results)
    }
}
