//! The directory of the outbox and of the keys that sign calls: for the gateway alone.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::StartError;

/// Creates it, for its owner only, if it does not exist. An existing one may contain more, so it keeps its mode, and is
/// refused if others may look into it.
pub(crate) fn make(directory: &Path) -> Result<(), StartError> {
    let failed = |source| StartError::StateDirectory { path: directory.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    match open_to_others(directory).map_err(failed)? {
        Some(mode) => Err(StartError::StateDirectoryOpen { path: directory.to_owned(), mode }),
        None => Ok(()),
    }
}

/// The mode of a directory that users other than its owner may look into; `None` if it does not exist yet.
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
