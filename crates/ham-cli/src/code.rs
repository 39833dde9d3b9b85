//! The zomes that cells run, and those of a bundle.

use std::collections::BTreeMap;

use bytes::Bytes;
use ham::Admin;
use ham_bundle::Inflated;
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_types::app::{AppBundle, CoordinatorSource, UpdateCoordinatorsPayload};
use holochain_types::dna::{CoordinatorBundle, CoordinatorManifest, DnaFile, ZomeDependency, ZomeManifest};
use holochain_zome_types::prelude::{ZomeDef, ZomeName};
use mr_bundle::Bundle;

use crate::app;
use crate::commands::grants::installed;
use crate::definition;
use crate::exit::Exit;
use crate::failure::Failure;

/// The bundle of an app, unpacked within the bound of bundles.
pub(crate) fn unpacked(bytes: &[u8]) -> Result<AppBundle, Failure> {
    let bytes = Inflated::default().stored(Bytes::copy_from_slice(bytes)).map_err(unusable)?;
    AppBundle::unpack(&*bytes).map_err(unusable)
}

/// An app that is installed, beside a bundle.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) app_id: String,
    /// A role whose integrity zomes are others: its DNA is another one.
    pub(crate) other_dna: Option<String>,
    /// Cells that run other coordinator zomes, and those of the bundle.
    stale: Vec<(app::Cell, CoordinatorBundle)>,
}

impl Compared {
    /// Compares the cells of the app with the bundle. Without an id the app is that of the bundle's name.
    pub(crate) async fn of(admin: &Admin, bundle: &[u8], id: Option<String>) -> Result<Self, Failure> {
        let bundle = unpacked(bundle)?;
        let app_id = id.unwrap_or_else(|| bundle.manifest().app_name().to_owned());
        let dnas = roles(bundle).await?;
        let info = installed(admin, &app_id).await?;
        let (mut other_dna, mut stale) = (None, Vec::new());
        for cell in app::cells(&info) {
            // A clone has the code of its role.
            let role = cell.name.split('.').next().unwrap_or(&cell.name);
            let Some(dna) = dnas.get(role) else { continue };
            let runs = definition::of(admin, &cell.cell_id).await?;
            if runs.integrity_zomes != dna.dna_def().integrity_zomes {
                other_dna.get_or_insert_with(|| role.to_owned());
            } else if runs.coordinator_zomes != dna.dna_def().coordinator_zomes {
                stale.push((cell, coordinators(dna)?));
            }
        }
        Ok(Self { app_id, other_dna, stale })
    }

    /// The cells that run other coordinator zomes than the bundle's.
    pub(crate) fn stale(&self) -> Vec<String> {
        self.stale.iter().map(|(cell, _)| cell.name.clone()).collect()
    }

    /// Has them run the bundle's, where all roles are the bundle's DNAs.
    pub(crate) async fn update(&self, admin: &Admin) -> Result<(), Failure> {
        if let Some(role) = &self.other_dna {
            return Err(self.another_dna(role));
        }
        for (cell, bundle) in &self.stale {
            let source = CoordinatorSource::Bundle(Box::new(bundle.clone()));
            let payload = UpdateCoordinatorsPayload { cell_id: cell.cell_id.clone(), source };
            let request = AdminRequest::UpdateCoordinators(Box::new(payload));
            let asked = admin.request("update_coordinators", "repeat it: it writes the same again", &request);
            match asked.await? {
                AdminResponse::CoordinatorsUpdated => {}
                other => return Err(definition::strange(&other)),
            }
        }
        Ok(())
    }

    fn another_dna(&self, role: &str) -> Failure {
        Failure::new(
            Exit::Refused,
            anyhow::anyhow!(
                "the integrity zomes of the role `{role}` are others than those that run; nothing was updated"
            ),
            format!(
                "other integrity zomes are another DNA, with a network and chains of its own: install the bundle beside it \
                 (`ham app install --id OTHER`), or `ham app uninstall {}` first, which removes its data",
                self.app_id
            ),
        )
    }
}

/// The DNA of each role that is in the bundle.
pub(crate) async fn roles(bundle: AppBundle) -> Result<BTreeMap<String, DnaFile>, Failure> {
    let resolved = bundle.resolve_cells(Default::default(), Default::default()).await.map_err(unusable)?;
    let roles = resolved.role_assignments.into_iter().filter_map(|(role, assigned)| {
        let base = &assigned.as_primary()?.base_dna_hash;
        let (dna, _) = resolved.dnas_to_register.iter().find(|(dna, _)| dna.dna_hash() == base)?;
        Some((role, dna.clone()))
    });
    Ok(roles.collect())
}

/// The coordinator zomes of a DNA, as a bundle.
fn coordinators(dna: &DnaFile) -> Result<CoordinatorBundle, Failure> {
    let zomes = dna.dna_def().coordinator_zomes.iter().map(|(name, zome)| ZomeManifest {
        name: name.clone(),
        hash: None,
        path: path(name),
        dependencies: match zome.as_any_zome_def() {
            ZomeDef::Wasm(zome) => {
                let named = zome.dependencies.iter().map(|name| ZomeDependency { name: name.clone() });
                Some(named.collect())
            }
            ZomeDef::Inline { .. } => None,
        },
    });
    let manifest = CoordinatorManifest { zomes: zomes.collect() };
    let resources = dna.dna_def().coordinator_zomes.iter().map(|(name, _)| {
        let code = dna.get_wasm_for_zome(name).map_err(unusable)?.clone().code();
        Ok((path(name), code.to_vec().into()))
    });
    let resources = resources.collect::<Result<Vec<_>, Failure>>()?;
    Ok(Bundle::new(manifest, resources).map_err(unusable)?.into())
}

fn path(zome: &ZomeName) -> String {
    format!("{zome}.wasm")
}

/// The bundle is none, or none that can be read.
pub(crate) fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(
        Exit::Usage,
        anyhow::Error::new(error).context("the bundle cannot be used"),
        "name a .happ bundle that `ham pack` has made",
    )
}
