//! Settings of roles for an installation, and membrane proofs for an installed app.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ham::CallError;
use holochain_types::app::{RoleSettingsMap, RoleSettingsMapYaml, RoleSettingsYamlError};
use holochain_types::prelude::{MemproofMap, SerializedBytes, UnsafeBytes};
use serde_json::json;

use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::progress;

/// The settings of roles in a file, in the format of `hc`.
pub(super) fn settings(file: &Path) -> Result<RoleSettingsMap, Failure> {
    let wrong = |why: String| {
        let why = ham::without_quoted(&why);
        Failure::usage(format!("{}: {why}", ham::masked_path(file)), "correct the file")
    };
    let text = input::file(file, input::MAX_SETTINGS)?;
    let read: RoleSettingsMapYaml =
        yaml_serde::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    let beside = file.parent().unwrap_or(Path::new(""));
    let resolved = read.into_iter().map(|(role, settings)| Ok((role, settings.resolve(beside)?)));
    resolved
        .collect::<Result<HashMap<_, _>, RoleSettingsYamlError>>()
        .map_err(|error| wrong(error.to_string()))
}

/// `ROLE=FILE`: the role, and the file with its proof, which is MessagePack.
fn read(given: &[String]) -> Result<MemproofMap, Failure> {
    let mut proofs = MemproofMap::new();
    for given in given {
        let Some((role, file)) = given.split_once('=') else {
            return Err(Failure::usage(format!("`{given}` is not a role's proof"), "pass it as ROLE=FILE"));
        };
        let proof = input::file(&PathBuf::from(file), input::MAX_SETTINGS)?;
        proofs.insert(role.to_owned(), Arc::new(SerializedBytes::from(UnsafeBytes::from(proof))));
    }
    Ok(proofs)
}

/// Provides the proofs of an app that waits for them.
pub(super) async fn provide(context: &Context, given: &[String]) -> Result<(), Failure> {
    let proofs = read(given)?;
    let mut roles: Vec<_> = proofs.keys().cloned().collect();
    roles.sort();
    let ham = connect::open(context, Some(context.settings.timeout)).await?;
    let provided =
        progress::during(context.output, "providing the proofs", ham.provide_memproofs(proofs)).await;
    connect::close(&ham).await;
    let app_id = &ham.config().app_id;
    provided.map_err(|error| match error {
        // No function was called: the failure must not mention zomes, or anything that one wrote.
        CallError::Refused { .. } => Failure::new(
            Exit::Refused,
            anyhow::Error::new(error).context(format!("the membrane proofs of `{app_id}` were refused")),
            "the conductor's message says why: the app must be waiting for proofs (`ham app list` shows its state), and each proof \
             must be for one of its roles (`ham info` lists them), as that role's DNA expects it",
        ),
        error => error.into(),
    })?;
    context.output.result(
        || format!("provided the proofs of {}; `ham app enable {app_id}` starts the app", roles.join(", ")),
        &json!({ "memproofs": roles }),
    )
}
