//! Where temporary data is.

use std::path::PathBuf;

use super::data::{DataDirectory, MAX_DATA_PATH, TemporaryData};
use crate::error::LaunchError;

/// # Errors
/// [`LaunchError::Data`]: there is no room for it, or the system starts no shell.
pub(crate) fn temporary() -> Result<DataDirectory, LaunchError> {
    let mut parent = std::env::temp_dir();
    if parent.as_os_str().len() + TEMPORARY_NAME > MAX_DATA_PATH {
        // Some systems give every user a long temporary path; the short one exists on every Unix.
        parent = PathBuf::from("/tmp");
    }
    let made = TemporaryData::new(&parent);
    made.map(DataDirectory::Temporary).map_err(|source| LaunchError::Data { path: parent, source })
}

/// Room for the name of the directory itself: `/ham-` and six characters.
const TEMPORARY_NAME: usize = 16;
