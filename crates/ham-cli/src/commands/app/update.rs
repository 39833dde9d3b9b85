//! `ham app update`: other coordinator zomes for the cells that are there.

use std::collections::BTreeMap;
use std::path::Path;

use ham::Admin;
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_types::app::{AppBundle, CoordinatorSource, UpdateCoordinatorsPayload};
use holochain_types::dna::{CoordinatorBundle, CoordinatorManifest, DnaFile, ZomeDependency, ZomeManifest};
use holochain_zome_types::prelude::{ZomeDef, ZomeName};
use mr_bundle::Bundle;
use serde_json::json;

use crate::app;
use crate::commands::grants::installed;
use crate::context::Context;
use crate::definition;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::progress;

pub(super) async fn run(
    context: &Context,
    admin: &Admin,
    file: &Path,
    id: Option<String>,
) -> Result<(), Failure> {
    let bundle = AppBundle::unpack(&*input::bundle(file).await?).map_err(unusable)?;
    let id = id.unwrap_or_else(|| bundle.clone().into_inner().manifest().app_name().to_owned());
    let dnas = roles(bundle).await?;
    let info = progress::during(context.output, "asking for the app", installed(admin, &id)).await?;
    let mut cells = Vec::new();
    for cell in app::cells(&info) {
        // A clone has the code of its role.
        let role = cell.name.split('.').next().unwrap_or(&cell.name);
        let Some(dna) = dnas.get(role) else { continue };
        let runs = definition::of(admin, &cell.cell_id).await?;
        // All or none: nothing is sent before every role is known to fit.
        if runs.integrity_zomes != dna.dna_def().integrity_zomes {
            return Err(another_dna(role, &id));
        }
        if runs.coordinator_zomes != dna.dna_def().coordinator_zomes {
            cells.push((cell, coordinators(dna)?));
        }
    }
    for (cell, bundle) in &cells {
        let source = CoordinatorSource::Bundle(Box::new(bundle.clone()));
        let payload = UpdateCoordinatorsPayload { cell_id: cell.cell_id.clone(), source };
        let request = AdminRequest::UpdateCoordinators(Box::new(payload));
        let updating = admin.request("update_coordinators", "repeat it: it writes the same again", &request);
        match progress::during(context.output, "updating the coordinator zomes", updating).await? {
            AdminResponse::CoordinatorsUpdated => {}
            other => return Err(definition::strange(&other)),
        }
    }
    let names: Vec<_> = cells.iter().map(|(cell, _)| cell.name.clone()).collect();
    let text = || match names.as_slice() {
        [] => format!("{id} runs these coordinator zomes already"),
        names => format!("updated {id}: {}", names.join(", ")),
    };
    context.output.result(text, &json!({ "updated": id, "cells": names }))
}

/// The DNA of each role that is in the bundle.
async fn roles(bundle: AppBundle) -> Result<BTreeMap<String, DnaFile>, Failure> {
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

fn another_dna(role: &str, id: &str) -> Failure {
    Failure::new(
        Exit::Refused,
        anyhow::anyhow!(
            "the integrity zomes of the role `{role}` are others than those that run; nothing was updated"
        ),
        format!(
            "other integrity zomes are another DNA, with a network and chains of its own: install the bundle beside it \
             (`ham app install --id OTHER`), or `ham app uninstall {id}` first, which removes its data"
        ),
    )
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(
        Exit::Usage,
        anyhow::Error::new(error).context("the bundle cannot be used"),
        "name a .happ bundle that `ham pack` has made",
    )
}
