//! The one entry type.

use hdi::prelude::*;

/// An amount, and the call that posted it.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// Chosen by the caller.
    pub call_id: String,
    /// Never zero.
    pub amount: u64,
}

impl Post {
    /// The verdict of validation.
    pub fn check(&self) -> ValidateCallbackResult {
        if self.amount == 0 {
            return ValidateCallbackResult::Invalid(format!("post {:?} has the amount 0", self.call_id));
        }
        ValidateCallbackResult::Valid
    }
}

/// The entry types of this zome.
#[hdk_entry_types]
#[unit_enum(UnitEntryTypes)]
pub enum EntryTypes {
    /// See [`Post`].
    Post(Post),
}
