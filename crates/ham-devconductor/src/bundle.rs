//! The one reader of bundles, wherever they come from. Bundle files are compressed, and unpacked in memory: what an app's may
//! take of it and of the stack is bounded.

use std::io;
use std::path::Path;

use bytes::Bytes;
use ham_bundle::{Inflated, MAX_INFLATED};
use holochain_types::app::{
    AppBundle, AppBundleSource, AppRoleResolution, CoordinatorSource, ExistingCellsMap,
};
use holochain_types::dna::CoordinatorBundle;
use holochain_types::prelude::{AppBundleError, CoordinatorManifest, MemproofMap};
use mr_bundle::Bundle;
use mr_bundle::error::MrBundleError;
use tokio::runtime::Handle;
use tokio::sync::oneshot::error::RecvError;

use crate::error::{ApiError, ConductorError, InstallError, InterfaceError};
use crate::thread;

/// Unpacks an app bundle, whose DNA bundles stay packed.
///
/// # Errors
/// It cannot be read, is not an app bundle, or is larger than [`MAX_INFLATED`].
pub(crate) async fn unpack(source: AppBundleSource) -> Result<AppBundle, BundleError> {
    let bytes = match source {
        AppBundleSource::Path(path) => match tokio::fs::metadata(&path).await {
            Ok(metadata) if !metadata.is_dir() => read(&path).await?,
            // Upstream's error of a file that is not there, or that is none.
            _ => return deep(async move { AppBundleSource::Path(path).resolve().await }).await,
        },
        AppBundleSource::Bytes(bytes) => bytes,
    };
    let decoding = async move {
        let bytes = Inflated::default().stored(bytes).map_err(unread)?;
        AppBundleSource::Bytes(bytes).resolve().await
    };
    deep(decoding).await
}

/// The bytes of a file. Others than regular files (a device, a pipe) have no end, or none that comes.
async fn read(path: &Path) -> Result<Bytes, MrBundleError> {
    let failed = |error| MrBundleError::IoError(format!("Failed to read bundle file: {path:?}"), error);
    let metadata = tokio::fs::metadata(path).await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    if metadata.len() > MAX_INFLATED {
        return Err(failed(io::Error::other(format!("it is larger than {MAX_INFLATED} bytes"))));
    }
    Ok(tokio::fs::read(path).await.map_err(failed)?.into())
}

/// The DNAs of its roles.
///
/// # Errors
/// A role or a DNA bundle is not valid, or the DNA bundles together are larger than [`MAX_INFLATED`].
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
    deep(decoding).await
}

/// Reads a bundle of coordinators.
///
/// # Errors
/// It cannot be read, is not a bundle of coordinators, or is larger than [`MAX_INFLATED`].
pub(crate) async fn coordinators(source: CoordinatorSource) -> Result<CoordinatorBundle, BundleError> {
    let path = match source {
        CoordinatorSource::Path(path) => path,
        CoordinatorSource::Bundle(bundle) => return Ok(*bundle),
    };
    let bytes = read(&path).await?;
    let decoding = async move {
        let bytes = Inflated::default().stored(bytes).map_err(unread)?;
        Ok(Bundle::<CoordinatorManifest>::unpack(&*bytes)?.into())
    };
    deep(decoding).await
}

fn unread(error: io::Error) -> MrBundleError {
    MrBundleError::IoError("Failed to decompress bundle".to_owned(), error)
}

/// Decodes on a thread of its own: a manifest may be nested as deeply as MessagePack is read, which is by recursion, and a
/// thread of the runtime would overflow, which ends the process.
async fn deep<T: Send + 'static>(
    decoding: impl Future<Output = Result<T, AppBundleError>> + Send + 'static,
) -> Result<T, BundleError> {
    let runtime = Handle::current();
    let decode = move || runtime.block_on(decoding);
    Ok(thread::run(thread::Builder::new().stack_size(STACK), decode).await???)
}

/// Why an app bundle cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BundleError {
    #[error(transparent)]
    App(#[from] AppBundleError),
    #[error(transparent)]
    Unread(#[from] MrBundleError),
    #[error("there is no thread to read the bundle on")]
    NoThread(#[from] io::Error),
    #[error("reading the bundle panicked")]
    Panicked(#[from] RecvError),
}

impl From<BundleError> for ConductorError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::App(error) => error.into(),
            BundleError::Unread(error) => error.into(),
            BundleError::NoThread(error) => InterfaceError::from(error).into(),
            BundleError::Panicked(error) => Self::Other(format!("the bundle could not be read: {error}")),
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

/// Sixteen kibibytes for each of the 1024 levels that are read.
const STACK: usize = 16 << 20;
