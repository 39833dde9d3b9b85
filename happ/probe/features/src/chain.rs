//! Reading chains: one's own by query, anyone's by agent activity, and what must be there.

use hdk::prelude::*;

/// The records of this chain that the filter selects.
#[hdk_extern]
pub fn query_chain(filter: ChainQueryFilter) -> ExternResult<Vec<Record>> {
    query(filter)
}

/// The state of a chain; `get_options` of the input says who is asked.
#[hdk_extern]
pub fn activity_of(input: GetAgentActivityInput) -> ExternResult<AgentActivityStatus> {
    HDK.with(|hdk| hdk.borrow().get_agent_activity(input))
}

/// All actions of this agent's own chain by the default strategy, which asks the network.
#[hdk_extern]
pub fn own_activity() -> ExternResult<AgentActivityStatus> {
    let agent = agent_info()?.agent_initial_pubkey;
    get_agent_activity(agent, ChainQueryFilter::new(), ActivityRequest::Full, GetOptions::default())
}

/// The same from this conductor only.
#[hdk_extern]
pub fn own_activity_local() -> ExternResult<AgentActivityStatus> {
    let agent = agent_info()?.agent_initial_pubkey;
    get_agent_activity(agent, ChainQueryFilter::new(), ActivityRequest::Full, GetOptions::local())
}

/// The action, or an error.
#[hdk_extern]
pub fn must_action(hash: ActionHash) -> ExternResult<SignedActionHashed> {
    must_get_action(hash)
}

/// The entry, or an error.
#[hdk_extern]
pub fn must_entry(hash: EntryHash) -> ExternResult<EntryHashed> {
    must_get_entry(hash)
}

/// The valid record, or an error.
#[hdk_extern]
pub fn must_valid_record(hash: ActionHash) -> ExternResult<Record> {
    must_get_valid_record(hash)
}

/// The part of a chain, or an error.
#[hdk_extern]
pub fn must_activity(
    MustGetAgentActivityInput { author, chain_filter }: MustGetAgentActivityInput,
) -> ExternResult<Vec<AgentActivity>> {
    must_get_agent_activity(author, chain_filter)
}

/// What others have confirmed of an action.
#[hdk_extern]
pub fn validation_receipts(action: ActionHash) -> ExternResult<Vec<ValidationReceiptSet>> {
    get_validation_receipts(GetValidationReceiptsInput::new(action))
}
