//! Files that hold secrets: who can open them, and how they are written.

use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

/// The mode of a file that others than its owner may read or write; `None` if nobody else may, and for what is not a file, such
/// as a pipe. Ham refuses to use such a file of its own; one that it is given (a passphrase, a token) may be mounted that way on
/// purpose, so ham only warns.
#[cfg(unix)]
pub fn open_to_others(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    (metadata.is_file() && mode & 0o077 != 0).then_some(mode)
}

/// Nothing is known about it on this system.
#[cfg(not(unix))]
pub fn open_to_others(_: &Metadata) -> Option<u32> {
    None
}

/// Replaces a file as a whole, durably: through a fresh file beside it, of a name that cannot be guessed, for the owner only,
/// and never through an existing one. Blocks briefly.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Mode 0600 and `O_EXCL`.
    let mut fresh = tempfile::Builder::new().prefix(".ham-").suffix(".tmp").tempfile_in(directory)?;
    fresh.write_all(content)?;
    fresh.as_file().sync_all()?;
    fresh.persist(path).map_err(|error| error.error)?;
    // The rename itself must survive a power cut.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
