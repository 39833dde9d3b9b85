//! Doing what an [`Outcome`] says.

use hdi::prelude::*;
use probe_types::features::{Fetch, Outcome};

pub(crate) fn apply(outcome: Outcome) -> ExternResult<ValidateCallbackResult> {
    match outcome {
        Outcome::Valid => Ok(ValidateCallbackResult::Valid),
        Outcome::Invalid(reason) => Ok(ValidateCallbackResult::Invalid(reason)),
        Outcome::Unresolved(hashes) => {
            Ok(ValidateCallbackResult::UnresolvedDependencies(UnresolvedDependencies::Hashes(hashes)))
        }
        Outcome::Fetch(fetch) => look_for(fetch).map(|()| ValidateCallbackResult::Valid),
        Outcome::Error(text) => Err(wasm_error!(WasmErrorInner::Guest(text))),
        Outcome::Panic(text) => panic!("{text}"),
        Outcome::Forbidden => forbidden().map(|()| ValidateCallbackResult::Valid),
    }
}

fn look_for(fetch: Fetch) -> ExternResult<()> {
    match fetch {
        Fetch::Entry(hash) => must_get_entry(hash).map(drop),
        Fetch::Action(hash) => must_get_action(hash).map(drop),
        Fetch::ValidRecord(hash) => must_get_valid_record(hash).map(drop),
        Fetch::Activity { author, filter } => must_get_agent_activity(author, filter).map(drop),
    }
}

// The interface for validation does not even declare the functions that it may not use.
host_externs!(sys_time:1);

fn forbidden() -> ExternResult<()> {
    host_call::<(), Timestamp>(__hc__sys_time_1, ()).map(drop)
}
