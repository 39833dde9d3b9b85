//! The one entry type.

use hdi::prelude::*;

/// An entry that names the call that wrote it.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// Chosen by the caller.
    pub call_id: String,
    /// Free text; [`REFUSED_BODY`] is not valid.
    pub body: String,
}

/// The body that no validator accepts, so that a test can provoke a refused commit.
pub const REFUSED_BODY: &str = "invalid";

impl Item {
    /// The verdict of validation.
    pub fn check(&self) -> ValidateCallbackResult {
        if self.body == REFUSED_BODY {
            return ValidateCallbackResult::Invalid(format!(
                "the body of item {:?} is refused",
                self.call_id
            ));
        }
        ValidateCallbackResult::Valid
    }
}

/// The entry types of this zome.
#[hdk_entry_types]
#[unit_enum(UnitEntryTypes)]
pub enum EntryTypes {
    /// See [`Item`].
    Item(Item),
}
