//! The callback the conductor runs before a cell's first call.

use crate::release::{zome_call_grant, GrantConstraint};
use hdk::prelude::*;

/// Opens the one function that other agents must reach without a secret.
#[hdk_extern]
pub fn init() -> ExternResult<InitCallbackResult> {
    let open = [(zome_info()?.name, FunctionName::new("recv_remote_signal"))];
    create_cap_grant(zome_call_grant(
        "recv_remote_signal".to_owned(),
        GrantConstraint::Unrestricted,
        GrantedFunctions::Listed(open.into_iter().collect()),
    ))?;
    Ok(InitCallbackResult::Pass)
}
