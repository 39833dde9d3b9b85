//! `must_get_*`: something missing ends a validation or an `init` as an unresolved dependency, and is an error elsewhere.

use holo_hash::AnyDhtHash;
use holochain_serialized_bytes as bytes;
use holochain_types::prelude::{
    AgentActivity, EntryHashed, ExternIO, InitCallbackResult, MustGetActionInput, MustGetAgentActivityInput,
    MustGetAgentActivityResponse, MustGetEntryInput, MustGetValidRecordInput, Record, SignedActionHashed,
    UnresolvedDependencies, ValidateCallbackResult, ValidationStatus,
};
use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};
use serde::Serialize;

use super::access::Access;
use super::context::CallContext;
use super::read::Source;
use super::refusal::{Answer, host};

impl CallContext {
    pub(super) fn must_get_entry(&self, input: MustGetEntryInput) -> Answer<EntryHashed> {
        let hash = input.into_inner();
        let Source { store, scratch, author } = self.source()?;
        let found =
            self.wait(store.retrieve_entry_with_scratch(&hash, Some(&author), &scratch)).map_err(host)?;
        match found {
            Some(entry) => Ok(EntryHashed::with_pre_hashed(entry, hash)),
            None => Err(self.missing(hash.clone().into(), || format!("Failed to get EntryHashed {hash}"))),
        }
    }

    pub(super) fn must_get_action(&self, input: MustGetActionInput) -> Answer<SignedActionHashed> {
        let hash = input.into_inner();
        let Source { store, scratch, .. } = self.source()?;
        let found = self.wait(store.retrieve_action_with_scratch(&hash, &scratch)).map_err(host)?;
        found.ok_or_else(|| {
            self.missing(hash.clone().into(), || format!("Failed to get SignedActionHashed {hash}"))
        })
    }

    pub(super) fn must_get_valid_record(&self, input: MustGetValidRecordInput) -> Answer<Record> {
        let hash = input.into_inner();
        match self.record_details(&hash)? {
            Some(details) if details.validation_status == ValidationStatus::Valid => Ok(details.record),
            Some(details)
                if details.validation_status == ValidationStatus::Rejected
                    && matches!(self.access, Access::Validate { .. }) =>
            {
                Err(short_circuit(&ValidateCallbackResult::Invalid(
                    "Found a record, but it is invalid".to_owned(),
                )))
            }
            _ => Err(self.missing(hash.clone().into(), || format!("Failed to get Record {hash}"))),
        }
    }

    pub(super) fn must_get_agent_activity(
        &self,
        input: MustGetAgentActivityInput,
    ) -> Answer<Vec<AgentActivity>> {
        use MustGetAgentActivityResponse as R;
        let MustGetAgentActivityInput { author, chain_filter: filter } = input;
        let Source { store, scratch, .. } = self.source()?;
        let _held = self.hold_activity(&store, &author)?;
        let found = self
            .wait(store.must_get_agent_activity_with_scratch(&author, &filter, &scratch))
            .map_err(host)?;
        let (resolvable, what) = match found {
            R::Activity { activity, .. } => return Ok(activity),
            R::IncompleteChain => (true, "chain is incomplete".to_owned()),
            R::ChainTopNotFound(action) => (true, format!("is missing action {action}")),
            R::UntilHashMissing(hash) => (true, format!("is missing until hash {hash}")),
            R::UntilTimestampIndeterminate(time) => (true, format!("is missing until timestamp {time}")),
            R::UntilHashAfterChainHead(hash) => {
                (false, format!("until_hash {hash} has action sequence after chain_top"))
            }
            R::UntilTimestampGreaterThanChainHead(time) => {
                (false, format!("until_timestamp {time} is greater than chain_top timestamp"))
            }
        };
        let text = format!("must_get_agent_activity {what} for author {author} and filter {filter:?}");
        if !resolvable {
            return Err(host(text));
        }
        Err(self.unresolved(UnresolvedDependencies::AgentActivity(author, filter), || text))
    }

    fn missing(&self, hash: AnyDhtHash, text: impl FnOnce() -> String) -> WasmError {
        self.unresolved(UnresolvedDependencies::Hashes(vec![hash]), text)
    }

    fn unresolved(&self, dependencies: UnresolvedDependencies, text: impl FnOnce() -> String) -> WasmError {
        match &self.access {
            Access::Init(_) => short_circuit(&InitCallbackResult::UnresolvedDependencies(dependencies)),
            Access::Validate { .. } => {
                short_circuit(&ValidateCallbackResult::UnresolvedDependencies(dependencies))
            }
            _ => host(text()),
        }
    }
}

/// Ends the function with this result.
fn short_circuit(result: &(impl Serialize + std::fmt::Debug)) -> WasmError {
    let answer = ExternIO::encode(result).and_then(|answer| bytes::encode(&answer));
    match answer {
        Ok(answer) => wasm_error!(WasmErrorInner::HostShortCircuit(answer)),
        Err(error) => wasm_error!(error),
    }
}
