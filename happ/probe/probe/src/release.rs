//! What the releases of the HDK spell differently. `build` sets `before_0_7_1` and `before_0_7` for the older ones; the
//! rest of this crate names no release.

pub(crate) use action::deleted_by;
pub(crate) use grant::{caller_access, grant_access, zome_call_grant, GrantConstraint};

/// A grant is one capability of several kinds, and who may use it is its constraint.
#[cfg(not(before_0_7_1))]
mod grant {
    pub(crate) use hdk::prelude::GrantConstraint;
    use hdk::prelude::{CallInfo, CapAccess, CapGrantEntry, GrantedFunctions};

    pub(crate) fn zome_call_grant(
        tag: String,
        constraint: GrantConstraint,
        functions: GrantedFunctions,
    ) -> CapGrantEntry {
        CapGrantEntry::new_zome_call_grant(tag, constraint, functions)
    }

    pub(crate) fn grant_access(grant: &CapGrantEntry) -> &str {
        grant.constraint.as_variant_string()
    }

    pub(crate) fn caller_access(call: &CallInfo) -> &str {
        match &call.cap_grant {
            CapAccess::ChainAuthor(_) => "author",
            CapAccess::RemoteAgent(grant) => grant_access(grant),
        }
    }
}

/// A grant is always one of zome calls, and its constraint is called its access.
#[cfg(before_0_7_1)]
mod grant {
    pub(crate) use hdk::prelude::CapAccess as GrantConstraint;
    use hdk::prelude::{CallInfo, CapGrant, CapGrantEntry, GrantedFunctions};

    pub(crate) fn zome_call_grant(
        tag: String,
        constraint: GrantConstraint,
        functions: GrantedFunctions,
    ) -> CapGrantEntry {
        CapGrantEntry::new(tag, constraint, functions)
    }

    pub(crate) fn grant_access(grant: &CapGrantEntry) -> &str {
        grant.access.as_variant_string()
    }

    pub(crate) fn caller_access(call: &CallInfo) -> &str {
        match &call.cap_grant {
            CapGrant::ChainAuthor(_) => "author",
            CapGrant::RemoteAgent(grant) => grant_access(grant),
        }
    }
}

/// An action is a header and its data.
#[cfg(not(before_0_7))]
mod action {
    use hdk::prelude::{Action, ActionData, ActionHash};

    pub(crate) fn deleted_by(action: &Action) -> Option<&ActionHash> {
        match &action.data {
            ActionData::Delete(delete) => Some(&delete.deletes_address),
            _ => None,
        }
    }
}

/// An action is flat.
#[cfg(before_0_7)]
mod action {
    use hdk::prelude::{Action, ActionHash};

    pub(crate) fn deleted_by(action: &Action) -> Option<&ActionHash> {
        match action {
            Action::Delete(delete) => Some(&delete.deletes_address),
            _ => None,
        }
    }
}
