//! Where the outbox and the keys that sign calls are kept: for the gateway alone.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::StartError;

/// Makes it where there is none, for its owner only. One that is there may hold more, so it keeps its mode, and is refused if that lets
/// others in.
pub(crate) fn make(directory: &Path) -> Result<(), StartError> {
    let failed = |source| StartError::StateDirectory { path: directory.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    match open_to_others(directory).map_err(failed)? {
        Some(mode) => Err(StartError::StateDirectoryOpen { path: directory.to_owned(), mode }),
        None => Ok(()),
    }
}

/// The mode of one that others than its owner may look into; `None` where it is not there yet.
pub(crate) fn open_to_others(directory: &Path) -> io::Result<Option<u32>> {
    match fs::metadata(directory) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            Ok((mode & 0o077 != 0).then_some(mode))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
