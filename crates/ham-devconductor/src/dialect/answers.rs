//! Answers that have another shape in an earlier release.

use holochain_conductor_api::{AdminResponse, AppResponse, DnaStorageInfo, FullStateDump, StorageBlob};
use holochain_types::network::HolochainTransportStats;
use holochain_types::prelude::{
    AppCapGrantInfo, CellId, DnaDef, DnaModifiers, WasmZomeDef, ZomeDef, ZomeName,
};
use kitsune2_api::TransportStats;
use serde::Serialize;

use super::dumps::FullDump;
use super::grants::{self, Info};
use super::table::{Dialect, Grants, State};

/// An answer to an administrator.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum AdminAnswer {
    Today(Box<AdminResponse>),
    Earlier(EarlierAnswer),
}

/// An answer to a client of an app.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum AppAnswer {
    Today(AppResponse),
    Earlier(EarlierAnswer),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub(crate) enum EarlierAnswer {
    CapabilityGrantsInfo(Vec<(CellId, Vec<Info>)>),
    DnaDefinitionReturned(Definition),
    FullStateDumped(Box<FullDump>),
    NetworkStatsDumped(TransportStats),
    StorageInfo(Storage),
}

impl Dialect {
    /// An administrator's answer, in this release's format.
    pub(crate) fn admin_answer(&self, answer: AdminResponse) -> AdminAnswer {
        let earlier = match answer {
            AdminResponse::CapabilityGrantsInfo(AppCapGrantInfo(all)) if self.grants == Grants::Access => {
                EarlierAnswer::CapabilityGrantsInfo(grants::listed(all))
            }
            AdminResponse::FullStateDumped(dump) if !self.is_todays() => {
                EarlierAnswer::FullStateDumped(Box::new(self.full_dump(dump)))
            }
            AdminResponse::DnaDefinitionReturned(definition) if self.state == State::Flat => {
                EarlierAnswer::DnaDefinitionReturned(definition.into())
            }
            AdminResponse::StorageInfo(info) if self.state == State::Flat => {
                EarlierAnswer::StorageInfo(info.into())
            }
            answer => return AdminAnswer::Today(Box::new(answer)),
        };
        AdminAnswer::Earlier(earlier)
    }

    /// A dump with the operations after a row.
    pub(crate) fn admin_dump_after(&self, dump: FullStateDump, row: u64) -> AdminAnswer {
        AdminAnswer::Earlier(EarlierAnswer::FullStateDumped(Box::new(self.full_dump_after(dump, row))))
    }

    /// The answer to a client of an app, in this release's format.
    pub(crate) fn app_answer(&self, answer: AppResponse) -> AppAnswer {
        match answer {
            AppResponse::NetworkStatsDumped(stats) if self.state == State::Flat => {
                let HolochainTransportStats { transport_stats, .. } = stats;
                AppAnswer::Earlier(EarlierAnswer::NetworkStatsDumped(transport_stats))
            }
            answer => AppAnswer::Today(answer),
        }
    }
}

/// A DNA whose zomes do not say that they are WASM.
#[derive(Debug, Serialize)]
pub(crate) struct Definition {
    name: String,
    modifiers: DnaModifiers,
    integrity_zomes: Vec<(ZomeName, WasmZomeDef)>,
    coordinator_zomes: Vec<(ZomeName, WasmZomeDef)>,
}

impl From<DnaDef> for Definition {
    fn from(definition: DnaDef) -> Self {
        let DnaDef { name, modifiers, integrity_zomes, coordinator_zomes, .. } = definition;
        // All zomes in bundles are WASM.
        let wasm = |name: ZomeName, definition: &ZomeDef| match definition {
            ZomeDef::Wasm(wasm) => Some((name, wasm.clone())),
            _ => None,
        };
        let integrity =
            integrity_zomes.into_iter().filter_map(|(name, zome)| wasm(name, zome.as_any_zome_def()));
        let coordinators =
            coordinator_zomes.into_iter().filter_map(|(name, zome)| wasm(name, zome.as_any_zome_def()));
        Self {
            name,
            modifiers,
            integrity_zomes: integrity.collect(),
            coordinator_zomes: coordinators.collect(),
        }
    }
}

/// Three databases for each DNA; here, everything is in one of them.
#[derive(Debug, Serialize)]
pub(crate) struct Storage {
    blobs: Vec<Blob>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
enum Blob {
    Dna(DnaStorage),
}

#[derive(Debug, Serialize)]
struct DnaStorage {
    authored_data_size: usize,
    authored_data_size_on_disk: usize,
    cache_data_size: usize,
    cache_data_size_on_disk: usize,
    #[serde(flatten)]
    dht: DnaStorageInfo,
}

impl From<holochain_conductor_api::StorageInfo> for Storage {
    fn from(info: holochain_conductor_api::StorageInfo) -> Self {
        let blob = |StorageBlob::Dna(dht)| {
            Blob::Dna(DnaStorage {
                authored_data_size: 0,
                authored_data_size_on_disk: 0,
                cache_data_size: 0,
                cache_data_size_on_disk: 0,
                dht,
            })
        };
        Self { blobs: info.blobs.into_iter().map(blob).collect() }
    }
}
