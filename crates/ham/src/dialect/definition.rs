//! The definition of a DNA. Since 0.7 its zomes say that they are WASM; one that does not say so is read as if it did.

use holochain_conductor_api::AdminResponse;
use holochain_types::prelude::{DnaModifiers, WasmZomeDef, ZomeDef, ZomeName};
use serde::{Deserialize, Serialize};

/// The name of the answer.
const RETURNED: &str = "dna_definition_returned";

#[derive(Serialize, Deserialize)]
struct Answer<Zome> {
    r#type: String,
    value: Definition<Zome>,
}

#[derive(Serialize, Deserialize)]
struct Definition<Zome> {
    name: String,
    modifiers: DnaModifiers,
    integrity_zomes: Vec<(ZomeName, Zome)>,
    coordinator_zomes: Vec<(ZomeName, Zome)>,
}

/// The answer of 0.6 to `get_dna_definition`; `None` if this is not one.
pub(crate) fn earlier(body: &[u8]) -> Option<AdminResponse> {
    let Answer { r#type, value } = rmp_serde::from_slice::<Answer<WasmZomeDef>>(body).ok()?;
    if r#type != RETURNED {
        return None;
    }
    let Definition { name, modifiers, integrity_zomes, coordinator_zomes } = value;
    let said = |zomes: Vec<(ZomeName, WasmZomeDef)>| {
        zomes.into_iter().map(|(name, zome)| (name, ZomeDef::Wasm(zome))).collect()
    };
    let (integrity_zomes, coordinator_zomes) = (said(integrity_zomes), said(coordinator_zomes));
    let value = Definition { name, modifiers, integrity_zomes, coordinator_zomes };
    // Written and read back: the type's other fields depend on the features of its crate.
    rmp_serde::from_slice(&rmp_serde::to_vec_named(&Answer { r#type, value }).ok()?).ok()
}
