//! Grants: written and listed in the format of the release.

use std::collections::BTreeSet;
use std::sync::Arc;

use holo_hash::{ActionHash, AgentPubKey};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{GrantedFunctions, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::answer::Answer;
use super::cell::{Cell, Grant};
use super::conductor::Conductor;
use super::store::Status;
use super::{steps, texts};
use crate::dice::Stream;
use crate::event::{Cause, Happened};

#[derive(Deserialize)]
struct Asked {
    value: Value,
}

#[derive(Deserialize)]
struct Value {
    cell_id: CellId,
    cap_grant: Words,
}

/// `access` until 0.7.0, `constraint` later.
#[derive(Deserialize)]
struct Words {
    tag: String,
    access: Option<Access>,
    constraint: Option<Access>,
}

#[derive(Deserialize)]
struct Access {
    value: Option<Assigned>,
}

#[derive(Deserialize)]
struct Assigned {
    secret: ByteBuf,
    #[serde(default)]
    assignees: Vec<AgentPubKey>,
}

#[derive(Serialize)]
struct Said<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: T,
}

/// Writes a grant. `init` runs first, and an error can follow the write.
pub(super) async fn write(conductor: &Arc<Conductor>, body: &[u8], dice: &mut Stream) -> Answer {
    let old = conductor.lock().release.is_before_0_7_1();
    let Some((cell, tag, assigned)) = read(body, old) else {
        return Answer::refused(texts::unreadable_request());
    };
    conductor.world.hide(&assigned.secret);
    let number = match steps::runs(conductor, &cell) {
        Ok(number) => number,
        Err(refused) => return Answer::refused(refused),
    };
    if let Err(refused) = steps::init(conductor, number, dice).await {
        return Answer::refused(refused);
    }
    let written = {
        let mut state = conductor.lock();
        let store = state.store.number;
        let written_when_closed = state.release.is_before_0_7_1();
        state.store.cell(&cell).filter(|cell| written_when_closed || !cell.is_closed()).map(|cell| {
            if cell.is_closed() {
                conductor
                    .world
                    .broken("I18", format!("a grant is written to cell {number}, which is closed"));
            }
            let hash = cell.grant(tag, Some(assigned.secret.into_vec()), assigned.assignees);
            (hash, store)
        })
    };
    let Some((hash, store)) = written else { return Answer::refused(texts::invalid_commit()) };
    conductor.world.note(Happened::Committed { cell: number, cause: Cause::Grant, store });
    if conductor.world.strikes(conductor.world.swarm.admin_error_after, dice) {
        return Answer::refused(texts::deadline_elapsed());
    }
    Answer::new("granted", &Said { kind: "zome_call_capability_granted", value: hash })
}

fn read(body: &[u8], old: bool) -> Option<(CellId, String, Assigned)> {
    let Asked { value } = rmp_serde::from_slice(body).ok()?;
    let Words { tag, access, constraint } = value.cap_grant;
    let access = if old { access } else { constraint };
    Some((value.cell_id, tag, access?.value?))
}

#[derive(Serialize)]
struct Listed {
    cap_grant: ListedGrant,
    action_hash: ActionHash,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ListedGrant {
    Old { tag: String, access: ListedAccess, functions: GrantedFunctions },
    New { tag: String, constraint: ListedAccess, capability: Said<Functions> },
}

#[derive(Serialize)]
struct Functions {
    functions: GrantedFunctions,
}

#[derive(Serialize)]
struct ListedAccess {
    access_type: &'static str,
    assignees: Option<BTreeSet<AgentPubKey>>,
}

/// The grants of the provisioned cells; clones are omitted.
pub(super) fn list(conductor: &Conductor) -> Answer {
    let state = conductor.lock();
    if state.store.status == Status::Gone {
        return Answer::refused(texts::in_no_table());
    }
    let old = state.release.is_before_0_7_1();
    let of = |cell: &Cell| {
        let grants = cell.chain.iter().filter_map(|entry| entry.grant.as_ref());
        (cell.id.clone(), grants.map(|grant| listed(grant, old)).collect::<Vec<_>>())
    };
    let cells = state.store.cells.iter().filter(|cell| cell.clone.is_none()).map(of).collect::<Vec<_>>();
    Answer::new("grants", &Said { kind: "capability_grants_info", value: cells })
}

fn listed(grant: &Grant, old: bool) -> Listed {
    let access =
        ListedAccess { access_type: "assigned", assignees: Some(grant.assignees.iter().cloned().collect()) };
    let (tag, functions) = (grant.tag.clone(), GrantedFunctions::All);
    Listed {
        cap_grant: match old {
            true => ListedGrant::Old { tag, access, functions },
            false => {
                let capability = Said { kind: "zome_call", value: Functions { functions } };
                ListedGrant::New { tag, constraint: access, capability }
            }
        },
        action_hash: grant.hash.clone(),
        created_at: Timestamp::from_micros(0),
        revoked_at: grant.revoked.then(|| Timestamp::from_micros(1)),
    }
}
