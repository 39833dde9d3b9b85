//! The hashes of what is in a bundle.

use std::path::Path;

use holo_hash::{DnaHash, HasHash as _, WasmHash};
use holochain_types::app::AppBundle;
use holochain_types::dna::{DnaBundle, wasm::DnaWasm};
use holochain_types::prelude::{DnaModifiersOpt, DnaWasmHashed};
use holochain_types::web_app::WebAppBundle;
use mr_bundle::Bundle;

use crate::deep::deep;
use crate::error::BundleError;
use crate::file;
use crate::inflated::{Inflated, MAX_INFLATED};
use crate::kind::Kind;
use crate::unpack::read;

/// What has a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hashed {
    /// A DNA with the modifiers of its own manifest.
    Dna(DnaHash),
    /// The DNA of each role of an app, with the modifiers of the app's manifest, in the manifest's order. Other modifiers at
    /// installation (a network seed) give other hashes.
    Roles(Vec<(String, DnaHash)>),
    /// A WASM module.
    Wasm(WasmHash),
}

/// The hash of a file: `.dna`, `.happ`, `.webhapp` or `.wasm`.
///
/// # Errors
/// [`BundleError::UnknownKind`], [`BundleError::Io`], [`BundleError::TooLarge`], [`BundleError::Invalid`], [`BundleError::Decoding`],
/// [`BundleError::NotWasm`].
///
/// # Cancel safety
/// Cancel-safe: it only reads.
pub async fn hash(file: &Path) -> Result<Hashed, BundleError> {
    let file = file.to_owned();
    deep(async move { hash_deep(&file).await }).await?
}

async fn hash_deep(file: &Path) -> Result<Hashed, BundleError> {
    if file.extension().is_some_and(|extension| extension == "wasm") {
        let code = file::read(file).await?;
        if !code.starts_with(MAGIC) {
            return Err(BundleError::NotWasm { path: file.to_owned() });
        }
        let hashed = DnaWasmHashed::from_content(DnaWasm::from(code)).await;
        return Ok(Hashed::Wasm(hashed.into_hash()));
    }
    let mut inflated = Inflated::default();
    let kind = Kind::of_file(file)?;
    let bytes = read(file, &mut inflated).await?;
    match kind {
        Kind::Dna => {
            let bundle = DnaBundle::unpack(&*bytes).map_err(|error| invalid("DNA", file, error))?;
            let dna = bundle.into_dna_file(DnaModifiersOpt::none()).await;
            let (dna, _) = dna.map_err(|error| invalid("DNA", file, error))?;
            Ok(Hashed::Dna(dna.dna_hash().clone()))
        }
        Kind::App => {
            let bundle = AppBundle::unpack(&*bytes).map_err(|error| invalid("app", file, error))?;
            roles(bundle, file, &mut inflated).await
        }
        Kind::WebApp => {
            let bundle = WebAppBundle::unpack(&*bytes).map_err(|error| invalid("web app", file, error))?;
            let app = bundle.happ_bundle().await.map_err(|error| invalid("web app", file, error))?;
            roles(app, file, &mut inflated).await
        }
    }
}

async fn roles(app: AppBundle, file: &Path, inflated: &mut Inflated) -> Result<Hashed, BundleError> {
    let mut stored = Vec::new();
    for (name, dna) in app.get_all_resources() {
        let dna = inflated.stored(dna.clone().into());
        let dna = dna.map_err(|_| BundleError::TooLarge { limit: MAX_INFLATED })?;
        stored.push((name.clone(), dna.into()));
    }
    let manifest = app.manifest().clone();
    let app = Bundle::new(manifest.clone(), stored).map_err(|error| invalid("app", file, error))?;
    let resolved = AppBundle::from(app).resolve_cells(Default::default(), Default::default()).await;
    let resolved = resolved.map_err(|error| invalid("app", file, error))?;
    let of = |role: &str| {
        Some(
            resolved
                .role_assignments
                .iter()
                .find(|(name, _)| name == role)?
                .1
                .as_primary()?
                .base_dna_hash
                .clone(),
        )
    };
    let roles =
        manifest.app_roles().into_iter().filter_map(|role| Some((role.name.clone(), of(&role.name)?)));
    Ok(Hashed::Roles(roles.collect()))
}

/// The bytes that every module begins with.
const MAGIC: &[u8] = b"\0asm";

fn invalid(
    kind: &'static str,
    file: &Path,
    error: impl std::error::Error + Send + Sync + 'static,
) -> BundleError {
    BundleError::Invalid { kind, path: file.to_owned(), source: Box::new(error) }
}
