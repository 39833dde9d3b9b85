//! The only reader of bundles, wherever they come from. Bundle files are compressed, and are unpacked in memory: the memory and the
//! stack that an app's may take are bounded.

use std::io;
use std::path::Path;

use bytes::Bytes;
use ham_bundle::{DeepError, Inflated, deep, read_file};
use holochain_types::app::{
    AppBundle, AppBundleSource, AppRoleResolution, CoordinatorSource, ExistingCellsMap,
};
use holochain_types::dna::CoordinatorBundle;
use holochain_types::prelude::{AppBundleError, CoordinatorManifest, MemproofMap};
use mr_bundle::Bundle;
use mr_bundle::error::MrBundleError;

use crate::error::{ApiError, ConductorError, InstallError};

/// Unpacks an app bundle, whose DNA bundles stay packed.
///
/// # Errors
/// It cannot be read, is not an app bundle, or is larger than [`ham_bundle::MAX_INFLATED`].
pub(crate) async fn unpack(source: AppBundleSource) -> Result<AppBundle, BundleError> {
    let bytes = match source {
        AppBundleSource::Path(path) => match tokio::fs::metadata(&path).await {
            Ok(metadata) if !metadata.is_dir() => read(&path).await?,
            // Upstream's error for a file that does not exist or is not a bundle.
            _ => return Ok(deep(async move { AppBundleSource::Path(path).resolve().await }).await??),
        },
        AppBundleSource::Bytes(bytes) => bytes,
    };
    let decoding = async move {
        let bytes = Inflated::default().stored(bytes).map_err(unread)?;
        AppBundleSource::Bytes(bytes).resolve().await
    };
    Ok(deep(decoding).await??)
}

async fn read(path: &Path) -> Result<Bytes, MrBundleError> {
    let failed = |error| MrBundleError::IoError(format!("Failed to read bundle file: {path:?}"), error);
    Ok(read_file(path).await.map_err(failed)?.into())
}

/// The DNAs of its roles.
///
/// # Errors
/// A role or a DNA bundle is not valid, or the DNA bundles together are larger than [`ham_bundle::MAX_INFLATED`].
pub(crate) async fn resolve(
    bundle: AppBundle,
    memproofs: MemproofMap,
    existing: ExistingCellsMap,
) -> Result<AppRoleResolution, BundleError> {
    let decoding = async move {
        let mut inflated = Inflated::default();
        let dnas = bundle.get_all_resources().into_iter().map(|(name, dna)| {
            let stored = inflated.stored(dna.clone().into()).map_err(unread)?;
            Ok((name.clone(), stored.into()))
        });
        let dnas: Vec<_> = dnas.collect::<Result<_, MrBundleError>>()?;
        let bundle = AppBundle::from(Bundle::new(bundle.manifest().clone(), dnas)?);
        bundle.resolve_cells(memproofs, existing).await
    };
    Ok(deep(decoding).await??)
}

/// Reads a bundle of coordinators.
///
/// # Errors
/// It cannot be read, is not a bundle of coordinators, or is larger than [`ham_bundle::MAX_INFLATED`].
pub(crate) async fn coordinators(source: CoordinatorSource) -> Result<CoordinatorBundle, BundleError> {
    let path = match source {
        CoordinatorSource::Path(path) => path,
        CoordinatorSource::Bundle(bundle) => return Ok(*bundle),
    };
    let bytes = read(&path).await?;
    let decoding = async move {
        let bytes = Inflated::default().stored(bytes).map_err(unread)?;
        Ok::<_, MrBundleError>(Bundle::<CoordinatorManifest>::unpack(&*bytes)?.into())
    };
    Ok(deep(decoding).await??)
}

fn unread(error: io::Error) -> MrBundleError {
    MrBundleError::IoError("Failed to decompress bundle".to_owned(), error)
}

/// Why an app bundle cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BundleError {
    #[error(transparent)]
    App(#[from] AppBundleError),
    #[error(transparent)]
    Unread(#[from] MrBundleError),
    #[error(transparent)]
    Decoding(#[from] DeepError),
}

impl From<BundleError> for ConductorError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::App(error) => error.into(),
            BundleError::Unread(error) => error.into(),
            BundleError::Decoding(error) => Self::Other(format!("the bundle could not be read: {error}")),
        }
    }
}

impl From<BundleError> for ApiError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Unread(error) | BundleError::App(AppBundleError::MrBundleError(error)) => {
                error.into()
            }
            other => ConductorError::from(other).into(),
        }
    }
}

impl From<BundleError> for InstallError {
    fn from(error: BundleError) -> Self {
        Self::Bundle { source: error.into() }
    }
}
