//! The one reader of bundles, wherever they come from. Bundle files are compressed, and unpacked in memory: what an app's may
//! take of it and of the stack is bounded.

use std::io::{self, Read as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use holochain_types::app::{
    AppBundle, AppBundleSource, AppRoleResolution, CoordinatorSource, ExistingCellsMap,
};
use holochain_types::dna::CoordinatorBundle;
use holochain_types::prelude::{AppBundleError, CoordinatorManifest, MemproofMap};
use mr_bundle::error::MrBundleError;
use mr_bundle::{Bundle, FileSystemBundler};
use tokio::runtime::Handle;
use tokio::sync::oneshot::error::RecvError;

use crate::error::{ConductorError, InstallError, InterfaceError};
use crate::thread;

/// Unpacks an app bundle, whose DNA bundles stay packed.
///
/// # Errors
/// It cannot be read, is not an app bundle, or is larger than [`MAX_UNPACKED`].
pub(crate) async fn unpack(source: AppBundleSource) -> Result<AppBundle, BundleError> {
    let source = match source {
        AppBundleSource::Path(path) => match tokio::fs::read(&path).await {
            Ok(bytes) => AppBundleSource::Bytes(bytes.into()),
            // Read once more for the error that it is.
            Err(_) => AppBundleSource::Path(path),
        },
        bytes @ AppBundleSource::Bytes(_) => bytes,
    };
    let decoding = async move {
        let source = match source {
            AppBundleSource::Bytes(bytes) => AppBundleSource::Bytes(stored(bytes, &mut { MAX_UNPACKED })?),
            path @ AppBundleSource::Path(_) => path,
        };
        source.resolve().await
    };
    deep(decoding).await
}

/// The DNAs of its roles.
///
/// # Errors
/// A role or a DNA bundle is not valid, or the DNA bundles together are larger than [`MAX_UNPACKED`].
pub(crate) async fn resolve(
    bundle: AppBundle,
    memproofs: MemproofMap,
    existing: ExistingCellsMap,
) -> Result<AppRoleResolution, BundleError> {
    let decoding = async move {
        let mut left = MAX_UNPACKED;
        let dnas = bundle.get_all_resources().into_iter();
        let dnas = dnas.map(|(name, dna)| Ok((name.clone(), stored(dna.clone().into(), &mut left)?.into())));
        let dnas: Vec<_> = dnas.collect::<Result<_, MrBundleError>>()?;
        let bundle = AppBundle::from(Bundle::new(bundle.manifest().clone(), dnas)?);
        bundle.resolve_cells(memproofs, existing).await
    };
    deep(decoding).await
}

/// Reads a bundle of coordinators.
///
/// # Errors
/// It cannot be read, or is not a bundle of coordinators.
pub(crate) async fn coordinators(source: CoordinatorSource) -> Result<CoordinatorBundle, MrBundleError> {
    match source {
        CoordinatorSource::Path(path) => {
            Ok(FileSystemBundler::load_from::<CoordinatorManifest>(path).await?.into())
        }
        CoordinatorSource::Bundle(bundle) => Ok(*bundle),
    }
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
    #[error("there is no thread to read the bundle on")]
    NoThread(#[from] io::Error),
    #[error("reading the bundle panicked")]
    Panicked(#[from] RecvError),
}

impl From<BundleError> for ConductorError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::App(error) => error.into(),
            BundleError::NoThread(error) => InterfaceError::from(error).into(),
            BundleError::Panicked(error) => Self::Other(format!("the bundle could not be read: {error}")),
        }
    }
}

impl From<BundleError> for InstallError {
    fn from(error: BundleError) -> Self {
        Self::Bundle { source: error.into() }
    }
}

/// The same file with its content as it is, not compressed: decoding it needs no bound, and little work. What cannot be unpacked is
/// left to whoever does it.
///
/// # Errors
/// It is larger than what is `left`, which it takes its size from, when it is unpacked.
fn stored(compressed: Bytes, left: &mut u64) -> Result<Bytes, MrBundleError> {
    let failed = |error| MrBundleError::IoError("Failed to decompress bundle".to_owned(), error);
    let mut file = GzEncoder::new(Vec::new(), Compression::none());
    match io::copy(&mut GzDecoder::new(&*compressed).take(*left + 1), &mut file) {
        Ok(size) if size > *left => {
            Err(failed(io::Error::other(format!("it is larger than {MAX_UNPACKED} bytes"))))
        }
        Ok(size) => {
            *left -= size;
            file.finish().map(Bytes::from).map_err(failed)
        }
        Err(_) => Ok(compressed),
    }
}

/// What a bundle may be unpacked, and its DNA bundles together, in bytes; no app is near it.
const MAX_UNPACKED: u64 = 512 << 20;

/// Sixteen kibibytes for each of the 1024 levels that are read.
const STACK: usize = 16 << 20;
