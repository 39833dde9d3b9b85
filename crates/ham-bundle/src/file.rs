//! Files that are read whole, within bounds.

use std::io;
use std::path::Path;

use tokio::io::AsyncReadExt as _;

use crate::error::BundleError;
use crate::inflated::MAX_INFLATED;

/// The bytes of a regular file. Others (a device, a pipe) have no end, or none that comes.
pub(crate) async fn read(path: &Path) -> Result<Vec<u8>, BundleError> {
    size(path).await?;
    let failed = |source| BundleError::Io { doing: "read", path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_INFLATED + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    if bytes.len() as u64 > MAX_INFLATED {
        return Err(BundleError::TooLarge { limit: MAX_INFLATED });
    }
    Ok(bytes)
}

/// The size of a regular file that may be read, in bytes.
pub(crate) async fn size(path: &Path) -> Result<u64, BundleError> {
    let failed = |source| BundleError::Io { doing: "read", path: path.to_owned(), source };
    let metadata = tokio::fs::metadata(path).await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    if metadata.len() > MAX_INFLATED {
        return Err(BundleError::TooLarge { limit: MAX_INFLATED });
    }
    Ok(metadata.len())
}
