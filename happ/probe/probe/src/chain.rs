//! The end of a chain.

use hdk::prelude::*;

/// Closes this agent's chain for good: whatever is written afterwards is invalid.
#[hdk_extern]
pub fn close_my_chain() -> ExternResult<ActionHash> {
    close_chain(None)
}
