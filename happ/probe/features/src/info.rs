//! What the host says of the cell, the call and the world.

use hdk::prelude::{hdi::prelude::__hc__dna_info_1, *};

/// The agent, and the head of its chain as this call sees it.
#[hdk_extern]
pub fn info_agent() -> ExternResult<AgentInfo> {
    agent_info()
}

/// The agent's info before and after one write of the same call.
#[hdk_extern]
pub fn info_agent_around_write() -> ExternResult<(AgentInfo, AgentInfo)> {
    let before = agent_info()?;
    crate::entry::create_note("between two looks".to_owned())?;
    Ok((before, agent_info()?))
}

/// The DNA.
#[hdk_extern]
pub fn info_dna() -> ExternResult<DnaInfo> {
    dna_info()
}

/// The DNA in the earlier form, by a host function that the HDK has no wrapper for.
#[hdk_extern]
pub fn info_dna_v1() -> ExternResult<hdi::prelude::DnaInfoV1> {
    host_call::<(), hdi::prelude::DnaInfoV1>(__hc__dna_info_1, ())
}

/// This zome.
#[hdk_extern]
pub fn info_zome() -> ExternResult<ZomeInfo> {
    zome_info()
}

/// This call.
#[hdk_extern]
pub fn info_call() -> ExternResult<CallInfo> {
    call_info()
}

/// Random bytes.
#[hdk_extern]
pub fn random(number: u32) -> ExternResult<Bytes> {
    random_bytes(number)
}

/// The conductor's clock.
#[hdk_extern]
pub fn now() -> ExternResult<Timestamp> {
    sys_time()
}
