//! Capability grants, whose format changed in 0.7.1: ham's own types, and both shapes on the wire.

use std::collections::BTreeSet;
use std::fmt;

use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{ActionHash, AgentPubKey, CapSecret, GrantedFunctions, Timestamp};
use serde::{Deserialize, Serialize};

use crate::redact::REDACTED;

/// A grant for zome calls, to be written to a cell's source chain.
#[derive(Clone, Debug)]
pub struct CapGrant {
    /// What the grant is found by. Tags need not be unique on a chain.
    pub tag: String,
    /// Who may use it.
    pub access: CapAccess,
    /// What may be called.
    pub functions: GrantedFunctions,
}

/// Who may use a grant. `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum CapAccess {
    /// Anyone.
    Unrestricted,
    /// Anyone who knows the secret.
    Transferable {
        /// The secret.
        secret: CapSecret,
    },
    /// The assignees, if they know the secret.
    Assigned {
        /// The secret.
        secret: CapSecret,
        /// Who may use it.
        assignees: BTreeSet<AgentPubKey>,
    },
}

impl fmt::Debug for CapAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrestricted => f.write_str("Unrestricted"),
            Self::Transferable { .. } => f.debug_struct("Transferable").field("secret", &REDACTED).finish(),
            Self::Assigned { assignees, .. } => {
                f.debug_struct("Assigned").field("secret", &REDACTED).field("assignees", assignees).finish()
            }
        }
    }
}

/// A grant on a cell's source chain, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapGrantInfo {
    /// What the grant is found by.
    pub tag: String,
    /// `unrestricted`, `transferable` or `assigned`.
    pub access: String,
    /// Who may use it, if it is assigned.
    pub assignees: Option<BTreeSet<AgentPubKey>>,
    /// What it allows.
    pub capability: GrantedCapability,
    /// The action that wrote it; a revocation names it.
    pub action_hash: ActionHash,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was revoked; `None` while it is in force.
    pub revoked_at: Option<Timestamp>,
}

/// What a grant allows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantedCapability {
    /// Calls to these functions.
    ZomeCall {
        /// The functions.
        functions: GrantedFunctions,
    },
    /// Direct signals to the cell; since Holochain 0.7.1.
    DirectSignal,
    /// A kind that this version of ham does not know, by its name on the wire.
    Other(String),
}

/// The wire format of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantShape {
    /// `{tag, access, functions}`.
    AccessAndFunctions,
    /// `{tag, constraint, grant: {functions}}` in requests, `{tag, constraint, capability}` in lists.
    ConstraintAndCapability,
}

/// The value of `grant_zome_call_capability`.
#[derive(Serialize)]
pub(crate) struct GrantRequest<'a> {
    cell_id: &'a CellId,
    cap_grant: GrantOut<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum GrantOut<'a> {
    Access { tag: &'a str, access: &'a CapAccess, functions: &'a GrantedFunctions },
    Constraint { tag: &'a str, constraint: &'a CapAccess, grant: Functions<'a> },
}

#[derive(Serialize)]
struct Functions<'a> {
    functions: &'a GrantedFunctions,
}

/// The value of `capability_grants_info`.
#[derive(Deserialize)]
pub(crate) struct GrantList(Vec<(CellId, Vec<GrantIn>)>);

#[derive(Deserialize)]
struct GrantIn {
    cap_grant: GrantWords,
    action_hash: ActionHash,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

/// Both shapes: the dialect says which fields must be there.
#[derive(Deserialize)]
struct GrantWords {
    tag: String,
    access: Option<AccessWords>,
    functions: Option<GrantedFunctions>,
    constraint: Option<AccessWords>,
    capability: Option<CapabilityWords>,
}

#[derive(Deserialize)]
struct CapabilityWords {
    r#type: String,
    value: Option<ValueWords>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ValueWords {
    ZomeCall { functions: GrantedFunctions },
    Other(serde::de::IgnoredAny),
}

impl From<CapabilityWords> for GrantedCapability {
    fn from(words: CapabilityWords) -> Self {
        match (words.r#type.as_str(), words.value) {
            ("zome_call", Some(ValueWords::ZomeCall { functions })) => Self::ZomeCall { functions },
            ("direct_signal", _) => Self::DirectSignal,
            (other, _) => Self::Other(other.chars().take(64).collect()),
        }
    }
}

#[derive(Deserialize)]
struct AccessWords {
    access_type: String,
    assignees: Option<BTreeSet<AgentPubKey>>,
}

impl GrantShape {
    /// The request to write a grant.
    pub(crate) fn request<'a>(self, cell_id: &'a CellId, grant: &'a CapGrant) -> GrantRequest<'a> {
        let CapGrant { tag, access, functions } = grant;
        let cap_grant = match self {
            Self::AccessAndFunctions => GrantOut::Access { tag, access, functions },
            Self::ConstraintAndCapability => {
                GrantOut::Constraint { tag, constraint: access, grant: Functions { functions } }
            }
        };
        GrantRequest { cell_id, cap_grant }
    }

    /// The grants of a list; `Err` names what a grant lacks for this shape.
    pub(crate) fn read(self, list: GrantList) -> Result<Vec<(CellId, Vec<CapGrantInfo>)>, &'static str> {
        list.0
            .into_iter()
            .map(|(cell, grants)| {
                let grants = grants.into_iter().map(|grant| self.info(grant)).collect::<Result<_, _>>()?;
                Ok((cell, grants))
            })
            .collect()
    }

    fn info(self, grant: GrantIn) -> Result<CapGrantInfo, &'static str> {
        let words = grant.cap_grant;
        let (access, capability) = match self {
            Self::AccessAndFunctions => (
                words.access.ok_or("a listed grant has no `access`")?,
                words
                    .functions
                    .map(|functions| GrantedCapability::ZomeCall { functions })
                    .ok_or("a listed grant has no `functions`")?,
            ),
            Self::ConstraintAndCapability => (
                words.constraint.ok_or("a listed grant has no `constraint`")?,
                words.capability.ok_or("a listed grant has no `capability`")?.into(),
            ),
        };
        Ok(CapGrantInfo {
            tag: words.tag,
            access: access.access_type,
            assignees: access.assignees,
            capability,
            action_hash: grant.action_hash,
            created_at: grant.created_at,
            revoked_at: grant.revoked_at,
        })
    }
}

#[cfg(test)]
mod tests;
