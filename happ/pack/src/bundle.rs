//! The manifests, and the bundles made from them.

use crate::wasm::Zomes;
use anyhow::Result;
use holochain_types::prelude::*;

/// How many clones of the role `probe` an app may have.
const CLONE_LIMIT: u32 = 4;

/// The code that a membrane proof must carry where one is asked for.
const MEMBRANE_CODE: &str = "probe-member";

/// Who may join: the only thing in which the bundles differ.
#[derive(Clone, Copy)]
pub(crate) enum Membrane {
    /// Everyone.
    Open,
    /// The holder of a membrane proof, which may be handed in after the installation.
    Proof,
}

impl Membrane {
    pub(crate) fn file_name(self) -> String {
        format!("{}.happ", self.app_name())
    }

    fn app_name(self) -> &'static str {
        match self {
            Self::Open => "probe",
            Self::Proof => "probe-memproof",
        }
    }

    /// The properties of the role `probe`, which its integrity zome reads.
    fn modifiers(self) -> Result<DnaModifiersOpt<YamlProperties>> {
        Ok(match self {
            Self::Open => DnaModifiersOpt::none(),
            Self::Proof => {
                let properties = yaml_serde::from_str(&format!("membrane_code: {MEMBRANE_CODE}"))?;
                DnaModifiersOpt::none().with_properties(YamlProperties::new(properties))
            }
        })
    }
}

/// The bytes of one `.happ`. Equal zomes give equal bytes: nothing in the format holds a time.
pub(crate) fn pack(zomes: &Zomes, membrane: Membrane) -> Result<Vec<u8>> {
    let manifest = AppManifestV0 {
        name: membrane.app_name().to_owned(),
        description: Some("What the tests of ham run inside a conductor".to_owned()),
        roles: vec![
            role("probe", CLONE_LIMIT, membrane.modifiers()?),
            role("ledger", 0, DnaModifiersOpt::none()),
        ],
        allow_deferred_memproofs: matches!(membrane, Membrane::Proof),
        bootstrap_url: None,
        relay_url: None,
    };
    let dnas = [
        (dna_file("probe"), dna("probe", &zomes.probe_integrity, &zomes.probe)?),
        (dna_file("ledger"), dna("ledger", &zomes.ledger_integrity, &zomes.ledger)?),
    ];
    Ok(AppBundle::new(AppManifest::V0(manifest), dnas)?.pack()?.to_vec())
}

fn role(name: &str, clone_limit: u32, modifiers: DnaModifiersOpt<YamlProperties>) -> AppRoleManifest {
    AppRoleManifest {
        name: name.to_owned(),
        provisioning: Some(CellProvisioning::Create { deferred: false }),
        dna: AppRoleDnaManifest { path: Some(dna_file(name)), modifiers, installed_hash: None, clone_limit },
    }
}

/// A DNA of one integrity zome and one coordinator zome.
fn dna(name: &str, integrity: &[u8], coordinator: &[u8]) -> Result<DnaBundle> {
    let integrity_name = format!("{name}_integrity");
    let manifest = DnaManifestV0 {
        name: name.to_owned(),
        integrity: IntegrityManifest {
            network_seed: None,
            properties: None,
            zomes: vec![zome(&integrity_name, None)],
        },
        coordinator: CoordinatorManifest { zomes: vec![zome(name, Some(&integrity_name))] },
    };
    let wasms = vec![
        (wasm_file(&integrity_name), integrity.to_vec().into()),
        (wasm_file(name), coordinator.to_vec().into()),
    ];
    Ok(DnaBundle::new(manifest.try_into()?, wasms)?)
}

fn zome(name: &str, depends_on: Option<&str>) -> ZomeManifest {
    ZomeManifest {
        name: name.into(),
        hash: None,
        path: wasm_file(name),
        dependencies: depends_on.map(|integrity| vec![ZomeDependency { name: integrity.into() }]),
    }
}

fn dna_file(role: &str) -> String {
    format!("{role}.dna")
}

fn wasm_file(zome: &str) -> String {
    format!("{zome}.wasm")
}
