//! The app interface: the app, and the path of a call.

use std::sync::Arc;

use holochain_conductor_api::{AppInfo, AppResponse, CellInfo};
use holochain_types::prelude::{AppManifest, AppManifestV0};
use holochain_zome_types::prelude::{CloneId, ClonedCell, DnaModifiers, Timestamp};

use super::answer::Answer;
use super::call;
use super::conductor::{Conductor, State};
use super::store::{APP, ROLES, Status};
use super::{probes, texts, wire};

pub(super) async fn answer(conductor: &Arc<Conductor>, socket: u32, body: &[u8]) -> Answer {
    match wire::name(body).as_str() {
        "app_info" => {
            let state = conductor.lock();
            let info = (state.store.status != Status::Gone).then(|| info(&state));
            Answer::new("app info", &AppResponse::AppInfo(info))
        }
        "call_zome" => call::answer(conductor, socket, body).await,
        name => Answer::refused(
            probes::told_apart(name, body, conductor.lock().release)
                .unwrap_or_else(texts::unreadable_request),
        ),
    }
}

/// The app as a client sees it.
pub(super) fn info(state: &State) -> AppInfo {
    let store = &state.store;
    let modifiers =
        || DnaModifiers { network_seed: String::new(), properties: ().try_into().unwrap_or_default() };
    let cells_of = |role: &'static str| {
        let cells = store.cells.iter().filter(move |cell| cell.role == role);
        cells
            .map(|cell| match &cell.clone {
                None => CellInfo::new_provisioned(cell.id.clone(), modifiers(), role.to_owned()),
                Some(clone) => CellInfo::Cloned(ClonedCell {
                    cell_id: cell.id.clone(),
                    clone_id: CloneId(clone.clone()),
                    original_dna_hash: cell.id.dna_hash().clone(),
                    dna_modifiers: modifiers(),
                    name: role.to_owned(),
                    enabled: true,
                }),
            })
            .collect::<Vec<_>>()
    };
    AppInfo {
        installed_app_id: APP.to_owned(),
        cell_info: ROLES.iter().take(state.roles).map(|role| ((*role).to_owned(), cells_of(role))).collect(),
        status: store.status.in_words(),
        agent_pub_key: store.agent.clone(),
        manifest: AppManifest::V0(AppManifestV0 {
            name: APP.to_owned(),
            description: None,
            roles: Vec::new(),
            allow_deferred_memproofs: false,
            bootstrap_url: None,
            relay_url: None,
        }),
        installed_at: Timestamp::from_micros(store.cells.first().map_or(0, |cell| i64::from(cell.number))),
    }
}
