//! Files that are read whole, within bounds.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::error::BundleError;
use crate::inflated::MAX_INFLATED;

/// The bytes of a regular file, at most [`MAX_INFLATED`]. Other files (a device, a pipe) have no end, or one that never comes.
///
/// # Errors
/// [`FileTooLarge`](io::ErrorKind::FileTooLarge), [`InvalidInput`](io::ErrorKind::InvalidInput) if it is not a regular file, or the
/// system's own error.
///
/// # Cancel safety
/// Cancel-safe: a thread reads to the end, and nobody sees the result.
pub async fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    let read = move || {
        // Before opening it, which would block on a pipe, and after, when it can no longer change.
        admit(&std::fs::metadata(&path)?)?;
        let file = File::open(&path)?;
        admit(&file.metadata()?)?;
        let mut bytes = Vec::new();
        file.take(MAX_INFLATED + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_INFLATED { Err(too_large()) } else { Ok(bytes) }
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

/// The same, with this crate's errors.
pub(crate) async fn read(path: &Path) -> Result<Vec<u8>, BundleError> {
    read_file(path).await.map_err(|error| unread(path, error))
}

/// The size of a regular file that may be read, in bytes.
pub(crate) async fn size(path: &Path) -> Result<u64, BundleError> {
    let metadata = tokio::fs::metadata(path).await;
    let admitted = metadata.and_then(|metadata| admit(&metadata).map(|()| metadata.len()));
    admitted.map_err(|error| unread(path, error))
}

fn admit(metadata: &std::fs::Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    if metadata.len() > MAX_INFLATED { Err(too_large()) } else { Ok(()) }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {MAX_INFLATED} bytes"))
}

fn unread(path: &Path, error: io::Error) -> BundleError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => BundleError::TooLarge { limit: MAX_INFLATED },
        _ => BundleError::Io { doing: "read", path: path.to_owned(), source: error },
    }
}
