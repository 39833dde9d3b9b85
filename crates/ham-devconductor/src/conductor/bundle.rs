//! Bundle files are compressed, and unpacked in memory: what that may take of it and of the stack is bounded.

use std::io::{self, Read as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use holochain_types::app::{AppBundle, AppBundleSource, AppRoleResolution, ExistingCellsMap};
use holochain_types::prelude::{AppBundleError, MemproofMap};
use mr_bundle::Bundle;
use mr_bundle::error::MrBundleError;
use tokio::runtime::Handle;

use crate::error::{ConductorError, InterfaceError};
use crate::thread;

/// Unpacks an app bundle, whose DNA bundles stay packed.
///
/// # Errors
/// It cannot be read, is none, or is larger than [`MAX_UNPACKED`].
pub(crate) async fn unpack(source: AppBundleSource) -> Result<AppBundle, ConductorError> {
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
    Ok(deep(decoding).await??)
}

/// The DNAs of its roles.
///
/// # Errors
/// A role or a DNA bundle is none, or the DNA bundles together are larger than [`MAX_UNPACKED`].
pub(crate) async fn resolve(
    bundle: AppBundle,
    memproofs: MemproofMap,
    existing: ExistingCellsMap,
) -> Result<AppRoleResolution, ConductorError> {
    let decoding = async move {
        let mut left = MAX_UNPACKED;
        let dnas = bundle.get_all_resources().into_iter();
        let dnas = dnas.map(|(name, dna)| Ok((name.clone(), stored(dna.clone().into(), &mut left)?.into())));
        let dnas: Vec<_> = dnas.collect::<Result<_, MrBundleError>>()?;
        let bundle = AppBundle::from(Bundle::new(bundle.manifest().clone(), dnas)?);
        bundle.resolve_cells(memproofs, existing).await
    };
    Ok(deep(decoding).await??)
}

/// Decodes on a thread of its own: a manifest may be nested as deeply as MessagePack is read, which is by recursion, and a
/// thread of the runtime would overflow, which ends the process.
async fn deep<T: Send + 'static>(
    decoding: impl Future<Output = Result<T, AppBundleError>> + Send + 'static,
) -> Result<Result<T, AppBundleError>, ConductorError> {
    let runtime = Handle::current();
    let decode = move || runtime.block_on(decoding);
    let decoded = thread::run(thread::Builder::new().stack_size(STACK), decode).await;
    let decoded = decoded.map_err(InterfaceError::from)?;
    decoded.map_err(|error| ConductorError::Other(format!("the bundle could not be read: {error}")))
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
