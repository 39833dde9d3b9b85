//! Files with secrets, which are for their owner only.

use std::fs::Metadata;
use std::path::Path;

/// Looks at one before it is read.
///
/// # Errors
/// Which file it is, and why it cannot be used.
pub(crate) fn look(path: &Path) -> Result<Metadata, String> {
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    // Of a pipe, the start would wait for whoever writes into it.
    if !metadata.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    match ham::open_to_others(&metadata) {
        Some(mode) => {
            Err(format!("{} is open to others (mode {mode:o}): run `chmod 600` on it", path.display()))
        }
        None => Ok(metadata),
    }
}

/// Its text.
///
/// # Errors
/// As [`look`].
pub(crate) fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}
