//! The probe with one more zome, whose writes do not insist that the chain's head is still the one they saw.

use std::fs::File;
use std::io;
use std::path::Path;

use holochain_types::prelude::{
    AppBundle, AppBundleSource, DnaBundle, DnaManifest, ZomeDependency, ZomeManifest,
};

use super::bundle::{HappBundleSource, features_bundle_path};
use crate::error::BundleError;
use crate::find::install::Install;

impl Install {
    /// The probe's bundle for this conductor, with the zome `bare` of `happ/bundle/features.happ` beside `probe` in the role `probe`.
    /// Its function `bare_create` writes its argument, an item of the probe, with relaxed ordering. It does not use the HDK, so every
    /// release runs it.
    ///
    /// # Errors
    /// [`BundleError`]: one of the two bundles cannot be read.
    pub fn relaxed_bundle(&self) -> Result<HappBundleSource, BundleError> {
        let (probe, features) = (self.probe_bundle_path(), features_bundle_path());
        let bare = unpacked(&features)
            .and_then(|app| dna(&app, FEATURES))
            .and_then(|dna| Ok(dna.get_resource(&BARE_FILE.to_owned()).ok_or_else(missing)?.clone()))
            .map_err(|source| BundleError { path: features, source })?;
        let both = unpacked(&probe).and_then(|app| {
            let mut dnas = Vec::new();
            for name in app.get_all_resources().into_keys() {
                let dna = dna(&app, name)?;
                let dna =
                    if name == PROBE { with_bare(&dna, bare.clone().into()).map_err(other)? } else { dna };
                dnas.push((name.clone(), dna));
            }
            AppBundle::new(app.manifest().clone(), dnas).map_err(other)?.pack().map_err(other)
        });
        both.map(AppBundleSource::Bytes).map_err(|source| BundleError { path: probe, source })
    }
}

fn with_bare(dna: &DnaBundle, bare: bytes::Bytes) -> Result<DnaBundle, holochain_types::prelude::DnaError> {
    let mut manifest = dna.manifest().clone();
    let DnaManifest::V0(written) = &mut manifest.0;
    let integrity = written.integrity.zomes.iter().map(|zome| ZomeDependency { name: zome.name.clone() });
    written.coordinator.zomes.push(ZomeManifest {
        name: "bare".into(),
        hash: None,
        path: BARE_FILE.to_owned(),
        dependencies: Some(integrity.collect()),
    });
    let zomes = dna.get_all_resources().into_iter().map(|(name, bytes)| (name.clone(), bytes.clone()));
    DnaBundle::new(manifest, zomes.chain([(BARE_FILE.to_owned(), bare.into())]).collect())
}

fn unpacked(path: &Path) -> io::Result<AppBundle> {
    AppBundle::unpack(File::open(path)?).map_err(other)
}

fn dna(app: &AppBundle, name: &str) -> io::Result<DnaBundle> {
    let packed = app.get_resource(&name.to_owned()).ok_or_else(missing)?;
    DnaBundle::unpack(packed.as_ref()).map_err(other)
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}

const PROBE: &str = "probe.dna";
const FEATURES: &str = "features.dna";
const BARE_FILE: &str = "bare.wasm";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Release, Tool};

    #[test]
    fn the_probe_of_another_release_gets_the_zome_and_keeps_its_own() {
        let source = crate::InstallSource::Cached;
        let install = Install { tool: Tool::Conductor(Release::V0_6_3), binary: "holochain".into(), source };
        let AppBundleSource::Bytes(bytes) = install.relaxed_bundle().unwrap() else { panic!("packed") };
        let app = AppBundle::unpack(&*bytes).unwrap();
        let names = |dna: &str| {
            let DnaManifest::V0(manifest) = super::dna(&app, dna).unwrap().manifest().clone().0;
            manifest.coordinator.zomes.into_iter().map(|zome| zome.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names("probe.dna"), ["probe", "bare"]);
        assert_eq!(names("ledger.dna"), ["ledger"]);
    }
}
