//! Grants as they were before 0.7.1.

use holo_hash::ActionHash;
use holochain_types::prelude::{
    CapGrant, CapGrantInfo, Capability, CellId, DesensitizedCapGrant, Entry, GrantConstraint,
    GrantConstraintInfo, GrantZomeCallCapabilityGrant, GrantedFunctions, Timestamp, ZomeCallGrant,
};
use serde::{Deserialize, Serialize, Serializer};

/// A grant with its secret, in a request.
#[derive(Deserialize)]
pub(super) struct Grant {
    tag: String,
    access: GrantConstraint,
    functions: GrantedFunctions,
}

impl From<Grant> for GrantZomeCallCapabilityGrant {
    fn from(Grant { tag, access, functions }: Grant) -> Self {
        Self { tag, constraint: access, grant: ZomeCallGrant { functions } }
    }
}

/// A grant in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    cap_grant: Shown,
    action_hash: ActionHash,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Shown {
    tag: String,
    access: GrantConstraintInfo,
    functions: GrantedFunctions,
}

/// For each cell, the grants that allow calls to zomes; a release without other capabilities cannot express those.
pub(super) fn listed(all: Vec<(CellId, Vec<CapGrantInfo>)>) -> Vec<(CellId, Vec<Info>)> {
    all.into_iter().map(|(cell, grants)| (cell, grants.into_iter().filter_map(info).collect())).collect()
}

fn info(info: CapGrantInfo) -> Option<Info> {
    let CapGrantInfo { cap_grant, action_hash, created_at, revoked_at } = info;
    let DesensitizedCapGrant { tag, constraint: access, capability } = cap_grant;
    let Capability::ZomeCall(ZomeCallGrant { functions }) = capability else { return None };
    Some(Info { cap_grant: Shown { tag, access, functions }, action_hash, created_at, revoked_at })
}

/// An entry whose grants are written this way.
#[derive(Debug)]
pub(super) struct EarlierEntry(pub(super) Entry);

impl Serialize for EarlierEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Tagged<'a> {
            entry_type: &'static str,
            entry: Borrowed<'a>,
        }
        #[derive(Serialize)]
        struct Borrowed<'a> {
            tag: &'a str,
            access: &'a GrantConstraint,
            functions: &'a GrantedFunctions,
        }
        match &self.0 {
            Entry::CapGrant(CapGrant {
                tag,
                constraint: access,
                capability: Capability::ZomeCall(grant),
            }) => {
                let entry = Borrowed { tag, access, functions: &grant.functions };
                Tagged { entry_type: "CapGrant", entry }.serialize(serializer)
            }
            other => other.serialize(serializer),
        }
    }
}
