//! Bundle files are compressed, and unpacked in memory: what that may take of it and of the stack is bounded.

use std::io::{self, Read as _};

use flate2::read::GzDecoder;
use holochain_types::app::{AppBundle, AppBundleSource, AppRoleResolution, ExistingCellsMap};
use holochain_types::prelude::{AppBundleError, MemproofMap};
use mr_bundle::error::MrBundleError;
use tokio::runtime::Handle;

use crate::error::{ConductorError, InterfaceError};
use crate::thread;

/// Unpacks an app bundle whose DNA bundles may be unpacked too.
///
/// # Errors
/// It cannot be read, is none, or it or one of its DNAs is larger than [`MAX_UNPACKED`].
pub(crate) async fn unpack(source: AppBundleSource) -> Result<AppBundle, ConductorError> {
    let source = match source {
        AppBundleSource::Path(path) => match tokio::fs::read(&path).await {
            Ok(bytes) => AppBundleSource::Bytes(bytes.into()),
            // Read once more for the error that it is.
            Err(_) => AppBundleSource::Path(path),
        },
        bytes @ AppBundleSource::Bytes(_) => bytes,
    };
    if let AppBundleSource::Bytes(bytes) = &source {
        bounded(bytes)?;
    }
    let bundle = deep(source.resolve()).await??;
    for resource in bundle.get_all_resources().into_values() {
        bounded(resource.as_ref())?;
    }
    Ok(bundle)
}

/// The DNAs of its roles.
///
/// # Errors
/// A role or a DNA bundle is none.
pub(crate) async fn resolve(
    bundle: AppBundle,
    memproofs: MemproofMap,
    existing: ExistingCellsMap,
) -> Result<AppRoleResolution, ConductorError> {
    Ok(deep(bundle.resolve_cells(memproofs, existing)).await??)
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

/// # Errors
/// It is larger than [`MAX_UNPACKED`] when it is unpacked. What cannot be unpacked is left to whoever does it.
fn bounded(compressed: &[u8]) -> Result<(), MrBundleError> {
    if compressed.len().saturating_mul(MAX_RATIO) <= MAX_UNPACKED {
        return Ok(());
    }
    let limit = MAX_UNPACKED as u64 + 1;
    match io::copy(&mut GzDecoder::new(compressed).take(limit), &mut io::sink()) {
        Ok(size) if size == limit => {
            let error = io::Error::other(format!("it is larger than {MAX_UNPACKED} bytes"));
            Err(MrBundleError::IoError("Failed to decompress bundle".to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// What a bundle may be unpacked, in bytes; no app is near it.
const MAX_UNPACKED: usize = 512 << 20;

/// Sixteen kibibytes for each of the 1024 levels that are read.
const STACK: usize = 16 << 20;

/// How many times smaller than its content a compressed file is at best.
const MAX_RATIO: usize = 1032;
