//! The manifests, and the bundles made from them.

use crate::wasm::Zomes;
use anyhow::Result;
use holochain_types::prelude::*;

/// How many clones of the role `probe`, and of each role of `features.happ`, an app may have.
const CLONE_LIMIT: u32 = 4;

/// The code that a membrane proof must carry where one is asked for.
const MEMBRANE_CODE: &str = "probe-member";

/// The bundles.
#[derive(Clone, Copy)]
pub(crate) enum Bundle {
    /// The roles `probe` and `ledger`; everyone may join.
    Probe,
    /// The same for the holder of a membrane proof, which may be handed in after the installation.
    ProbeMemproof,
    /// Every feature of the HDK: one DNA in three roles.
    Features,
}

/// A zome of a DNA. Several may be the same wasm.
struct Zome<'a> {
    name: &'a str,
    wasm: &'a str,
    /// The integrity zome that a coordinator zome writes for.
    depends_on: Option<&'a str>,
}

impl Bundle {
    /// The bundle of that app name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Probe, Self::ProbeMemproof, Self::Features]
            .into_iter()
            .find(|bundle| bundle.app_name() == name)
    }

    /// The bytes of the `.happ`. Equal zomes give equal bytes: nothing in the format holds a time.
    pub(crate) fn pack(self, zomes: &Zomes) -> Result<Vec<u8>> {
        let manifest = AppManifestV0 {
            name: self.app_name().to_owned(),
            description: Some("What the tests of ham run inside a conductor".to_owned()),
            roles: self.roles()?,
            allow_deferred_memproofs: matches!(self, Self::ProbeMemproof),
            bootstrap_url: None,
            relay_url: None,
        };
        let dnas = match self {
            Self::Probe | Self::ProbeMemproof => {
                vec![pair("probe", zomes)?, pair("ledger", zomes)?]
            }
            Self::Features => vec![features(zomes)?],
        };
        Ok(AppBundle::new(AppManifest::V0(manifest), dnas)?.pack()?.to_vec())
    }

    fn app_name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::ProbeMemproof => "probe-memproof",
            Self::Features => "features",
        }
    }

    fn roles(self) -> Result<Vec<AppRoleManifest>> {
        let open = DnaModifiersOpt::none;
        Ok(match self {
            Self::Probe => {
                vec![role("probe", "probe", CLONE_LIMIT, open()), role("ledger", "ledger", 0, open())]
            }
            Self::ProbeMemproof => {
                let code = open().with_properties(properties(&format!("membrane_code: {MEMBRANE_CODE}"))?);
                vec![role("probe", "probe", CLONE_LIMIT, code), role("ledger", "ledger", 0, open())]
            }
            Self::Features => {
                // Not by its network seed: an installation may set one for all roles.
                let twin = open().with_properties(properties("init: {}")?);
                // The second zome fails although the first one would be asked again: failing goes before waiting.
                let refused =
                    "init: { features: { Unresolved: [] }, mirror: { Invalid: refused by mirror } }";
                let refused = open().with_properties(properties(refused)?);
                vec![
                    role("features", "features", CLONE_LIMIT, open()),
                    role("twin", "features", CLONE_LIMIT, twin),
                    role("refused", "features", CLONE_LIMIT, refused),
                ]
            }
        })
    }
}

fn properties(yaml: &str) -> Result<YamlProperties> {
    Ok(YamlProperties::new(yaml_serde::from_str(yaml)?))
}

fn role(
    name: &str,
    dna: &str,
    clone_limit: u32,
    modifiers: DnaModifiersOpt<YamlProperties>,
) -> AppRoleManifest {
    AppRoleManifest {
        name: name.to_owned(),
        provisioning: Some(CellProvisioning::Create { deferred: false }),
        dna: AppRoleDnaManifest { path: Some(dna_file(dna)), modifiers, installed_hash: None, clone_limit },
    }
}

/// A DNA of one integrity zome and one coordinator zome.
fn pair(name: &str, zomes: &Zomes) -> Result<(String, DnaBundle)> {
    let integrity = format!("{name}_integrity");
    dna(
        name,
        &[Zome { name: &integrity, wasm: &integrity, depends_on: None }],
        &[Zome { name, wasm: name, depends_on: Some(&integrity) }],
        zomes,
    )
}

/// Two zomes of each of the wasms of the role `features`, and one of each side without the HDK.
fn features(zomes: &Zomes) -> Result<(String, DnaBundle)> {
    let integrity = [
        Zome { name: "features_integrity", wasm: "features_integrity", depends_on: None },
        Zome { name: "witness_integrity", wasm: "features_integrity", depends_on: None },
        Zome { name: "bare_integrity", wasm: "bare", depends_on: None },
    ];
    let coordinator = [
        Zome { name: "features", wasm: "features", depends_on: Some("features_integrity") },
        Zome { name: "mirror", wasm: "features", depends_on: Some("features_integrity") },
        Zome { name: "bare", wasm: "bare", depends_on: Some("bare_integrity") },
    ];
    dna("features", &integrity, &coordinator, zomes)
}

fn dna(name: &str, integrity: &[Zome], coordinator: &[Zome], zomes: &Zomes) -> Result<(String, DnaBundle)> {
    let manifest = DnaManifestV0 {
        name: name.to_owned(),
        integrity: IntegrityManifest {
            network_seed: None,
            properties: None,
            zomes: integrity.iter().map(Zome::manifest).collect(),
        },
        coordinator: CoordinatorManifest { zomes: coordinator.iter().map(Zome::manifest).collect() },
    };
    // A file for each zome, even where two are the same: the conductor takes each out of the bundle once.
    let wasms: Result<Vec<_>> = integrity
        .iter()
        .chain(coordinator)
        .map(|zome| Ok((wasm_file(zome.name), zomes.wasm(zome.wasm)?.into())))
        .collect();
    Ok((dna_file(name), DnaBundle::new(manifest.try_into()?, wasms?)?))
}

impl Zome<'_> {
    fn manifest(&self) -> ZomeManifest {
        ZomeManifest {
            name: self.name.into(),
            hash: None,
            path: wasm_file(self.name),
            dependencies: self.depends_on.map(|integrity| vec![ZomeDependency { name: integrity.into() }]),
        }
    }
}

fn dna_file(dna: &str) -> String {
    format!("{dna}.dna")
}

fn wasm_file(zome: &str) -> String {
    format!("{zome}.wasm")
}
