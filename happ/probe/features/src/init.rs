//! The callback the conductor runs before a cell's first call.
//!
//! What it answers is decided by the cell's init properties, else by its DNA properties, for each zome by name.

use crate::migrate::init_plan;
use hdk::prelude::*;
use probe_types::features::{Fetch, InitPlan, Outcome, Properties};

/// Opens the functions that other agents must reach without a secret, then does what the properties say.
#[hdk_extern]
pub fn init() -> ExternResult<InitCallbackResult> {
    let zome = zome_info()?.name;
    open_to_everyone(&zome)?;
    let mut plan = init_plan()?.unwrap_or_default();
    if zome.0 == "features" {
        write(&plan)?;
    }
    let outcome = match plan.init.remove(zome.0.as_ref()) {
        Some(outcome) => Some(outcome),
        None => by_dna()?.init.remove(zome.0.as_ref()),
    };
    outcome.map_or(Ok(InitCallbackResult::Pass), apply)
}

fn open_to_everyone(zome: &ZomeName) -> ExternResult<()> {
    let open = ["recv_remote_signal", "echo_to_peer"].map(|name| (zome.clone(), FunctionName::new(name)));
    create_cap_grant(CapGrantEntry::new_zome_call_grant(
        "open to everyone".to_owned(),
        GrantConstraint::Unrestricted,
        GrantedFunctions::Listed(open.into_iter().collect()),
    ))
    .map(drop)
}

fn write(plan: &InitPlan) -> ExternResult<()> {
    if let Some((target, close_hash)) = &plan.open {
        open_chain(target.clone(), close_hash.clone())?;
    }
    if let Some(note) = &plan.note {
        crate::entry::create_note(note.clone())?;
    }
    Ok(())
}

/// A DNA without properties has the value nil there.
fn by_dna() -> ExternResult<Properties> {
    let properties = dna_info()?.modifiers.properties;
    let properties: Option<Properties> = decode(properties.bytes()).map_err(|e| wasm_error!(e))?;
    Ok(properties.unwrap_or_default())
}

fn apply(outcome: Outcome) -> ExternResult<InitCallbackResult> {
    match outcome {
        Outcome::Valid => Ok(InitCallbackResult::Pass),
        Outcome::Invalid(reason) => Ok(InitCallbackResult::Fail(reason)),
        Outcome::Unresolved(hashes) => {
            Ok(InitCallbackResult::UnresolvedDependencies(UnresolvedDependencies::Hashes(hashes)))
        }
        Outcome::Fetch(fetch) => look_for(fetch).map(|()| InitCallbackResult::Pass),
        Outcome::Error(text) => Err(wasm_error!(WasmErrorInner::Guest(text))),
        Outcome::Panic(text) => panic!("{text}"),
        Outcome::Forbidden => {
            Err(wasm_error!(WasmErrorInner::Guest("nothing is forbidden in init".to_owned())))
        }
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
