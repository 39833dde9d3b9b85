//! The zomes that cells run, and the zomes of a bundle.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ham::Admin;
use ham_bundle::Inflated;
use ham_devconductor::DevConductor;
use holochain_conductor_api::{AdminRequest, AdminResponse, AppInfo};
use holochain_types::app::{AppBundle, CoordinatorSource, UpdateCoordinatorsPayload};
use holochain_types::dna::{CoordinatorBundle, CoordinatorManifest, DnaFile, ZomeDependency, ZomeManifest};
use holochain_zome_types::prelude::{ZomeDef, ZomeName};
use mr_bundle::Bundle;

use crate::app;
use crate::commands::grants::installed;
use crate::definition;
use crate::exit::Exit;
use crate::failure::Failure;

/// The bundle of an app, unpacked within the size bound for bundles.
pub(crate) fn unpacked(bytes: &[u8]) -> Result<AppBundle, Failure> {
    let bytes = Inflated::default().stored(Bytes::copy_from_slice(bytes)).map_err(unusable)?;
    AppBundle::unpack(&*bytes).map_err(unusable)
}

/// An installed app, compared with a bundle.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) app_id: String,
    difference: Difference,
    /// Cells that run other coordinator zomes than the bundle's, or additional ones.
    others: Vec<Other>,
}

/// How the app differs from the bundle.
#[derive(Debug)]
enum Difference {
    /// At most in coordinator zomes.
    Coordinators,
    /// In roles, or in the modifiers of one: in words. The cells of the other roles can be updated.
    Roles(String),
    /// In the integrity zomes of this role: its DNA is a different one.
    Integrity(String),
    /// In everything: no cell belongs to a role of the bundle. In words if the roles differ.
    Everything(Option<String>),
}

/// A cell that does not run what the bundle contains.
#[derive(Debug)]
struct Other {
    cell: app::Cell,
    bundle: CoordinatorBundle,
    /// Whether it lacks a zome of the bundle, or runs another one in its place.
    is_stale: bool,
    /// Zomes that it runs and the bundle does not have.
    gone: Vec<ZomeName>,
}

impl Compared {
    /// Compares the cells of the app with the bundle; the order of zomes does not matter. Without an id, the app is the
    /// one with the bundle's name.
    pub(crate) async fn of(admin: &Admin, bundle: &[u8], id: Option<String>) -> Result<Self, Failure> {
        let bundle = unpacked(bundle)?;
        let app_id = id.unwrap_or_else(|| bundle.manifest().app_name().to_owned());
        let dnas = roles(bundle).await?;
        let info = installed(admin, &app_id).await?;
        let (mut integrity, mut others, mut is_of_the_app) = (None, Vec::new(), false);
        let mut words = other_roles(&info, &dnas);
        for cell in app::cells(&info) {
            // A clone has the code of its role.
            let role = cell.name.split('.').next().unwrap_or(&cell.name);
            let Some(dna) = dnas.get(role) else { continue };
            is_of_the_app = true;
            let runs = definition::of(admin, &cell.cell_id).await?;
            if runs.integrity_zomes != dna.dna_def().integrity_zomes {
                integrity.get_or_insert_with(|| role.to_owned());
                continue;
            }
            // A clone has modifiers of its own.
            if cell.is_provisioned() && cell.cell_id.dna_hash() != dna.dna_hash() {
                words.get_or_insert_with(|| {
                    format!(
                        "has a different network seed or different properties than the bundle (role `{role}`)"
                    )
                });
            }
            let (runs, wanted) = (&runs.coordinator_zomes, &dna.dna_def().coordinator_zomes);
            let is_stale = wanted.iter().any(|zome| !runs.contains(zome));
            let gone = runs.iter().map(|(name, _)| name);
            let gone = gone.filter(|name| !wanted.iter().any(|(wanted, _)| wanted == *name));
            let gone: Vec<ZomeName> = gone.cloned().collect();
            if is_stale || !gone.is_empty() {
                others.push(Other { cell, bundle: coordinators(dna)?, is_stale, gone });
            }
        }
        let difference = match (integrity, words) {
            (_, words) if !is_of_the_app => Difference::Everything(words),
            (Some(role), _) => Difference::Integrity(role),
            (None, Some(words)) => Difference::Roles(words),
            (None, None) => Difference::Coordinators,
        };
        Ok(Self { app_id, difference, others })
    }

    /// What makes the bundle a different app, which no update can change, in words.
    pub(crate) fn another_app(&self) -> Option<String> {
        match &self.difference {
            Difference::Coordinators => None,
            Difference::Integrity(role) => {
                Some(format!("runs different integrity zomes than the bundle (role `{role}`)"))
            }
            Difference::Roles(words) => Some(words.clone()),
            Difference::Everything(words) => words.clone(),
        }
    }

    /// Whether a role has other integrity zomes.
    pub(crate) fn is_other_dna(&self) -> bool {
        matches!(self.difference, Difference::Integrity(_))
    }

    /// The cells that do not run what the bundle contains.
    pub(crate) fn others(&self) -> Vec<String> {
        self.others.iter().map(|other| other.cell.name.clone()).collect()
    }

    /// The zomes that cells run and the bundle does not have, in words; `None` if there are none.
    pub(crate) fn kept(&self) -> Option<String> {
        let gone: BTreeSet<_> =
            self.others.iter().flat_map(|other| &other.gone).map(|zome| &*zome.0).collect();
        let gone = Vec::from_iter(gone).join(", ");
        (!gone.is_empty()).then(|| {
            format!(
                "{} keeps zomes that are not in the bundle, and they can still be called: {gone}. A conductor never removes zomes; \
                 `ham dev --watch` and `ham dev --data --update` do",
                self.app_id
            )
        })
    }

    /// Makes the cells run the bundle's zomes, if all roles have the bundle's DNAs; returns the names of the cells that
    /// did not run them before. Zomes that the bundle does not have stay: a conductor cannot remove any.
    pub(crate) async fn update(&self, admin: &Admin) -> Result<Vec<String>, Failure> {
        self.same_dnas()?;
        let stale = self.others.iter().filter(|other| other.is_stale);
        for Other { cell, bundle, .. } in stale.clone() {
            let source = CoordinatorSource::Bundle(Box::new(bundle.clone()));
            let payload = UpdateCoordinatorsPayload { cell_id: cell.cell_id.clone(), source };
            let request = AdminRequest::UpdateCoordinators(Box::new(payload));
            let asked = admin.request("update_coordinators", "it can be repeated safely", &request);
            match asked.await? {
                AdminResponse::CoordinatorsUpdated => {}
                other => return Err(definition::strange(&other)),
            }
        }
        Ok(stale.map(|other| other.cell.name.clone()).collect())
    }

    /// The same on an embedded conductor, where the cells then run no other zomes.
    pub(crate) async fn replace(&self, conductor: &DevConductor) -> Result<Vec<String>, Failure> {
        self.same_dnas()?;
        for Other { cell, bundle, .. } in &self.others {
            let replaced = conductor.replace_coordinators(&cell.cell_id, bundle.clone()).await;
            replaced
                .map_err(|error| Failure::new(Exit::Refused, error, "correct the zome named in the error"))?;
        }
        Ok(self.others())
    }

    fn same_dnas(&self) -> Result<(), Failure> {
        let (what, advice) = match &self.difference {
            Difference::Coordinators | Difference::Roles(_) => return Ok(()),
            Difference::Integrity(role) => (
                format!("the bundle's integrity zomes for the role `{role}` differ from the running ones"),
                format!(
                    "different integrity zomes make a different DNA, with its own network and chains: install the bundle as \
                     another app (`ham app install --id OTHER`), or first run `ham app uninstall {}`, which removes its data",
                    self.app_id
                ),
            ),
            Difference::Everything(_) => (
                format!("the bundle's roles are not those of {}", self.app_id),
                "pass this app's bundle, or the ID of this bundle's app".to_owned(),
            ),
        };
        Err(Failure::new(Exit::Refused, anyhow::anyhow!("{what}; nothing was updated"), advice))
    }
}

/// Roles that only the app or only the bundle has, in words.
fn other_roles(info: &AppInfo, dnas: &BTreeMap<String, DnaFile>) -> Option<String> {
    let has: BTreeSet<String> = info.manifest.app_roles().into_iter().map(|role| role.name).collect();
    let lacks = dnas.keys().find(|role| !has.contains(*role));
    let lacks = lacks.map(|role| format!("has no role `{role}`, which the bundle has"));
    lacks.or_else(|| {
        let more = has.iter().find(|role| !dnas.contains_key(*role))?;
        Some(format!("has a role `{more}`, which the bundle does not have"))
    })
}

/// The DNA of each role in the bundle.
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

/// The file is not a bundle, or not a readable one.
pub(crate) fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(
        Exit::Usage,
        anyhow::Error::new(error).context("the bundle cannot be used"),
        "pass a .happ bundle made by `ham pack`",
    )
}
