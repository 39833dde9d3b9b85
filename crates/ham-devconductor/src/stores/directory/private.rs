//! Directories and files that nobody else can look into.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Creates a directory if there is none, for its owner only. An existing one may hold more, and keeps its mode.
pub(in crate::stores) fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(PRIVATE).create(directory)
}

/// The same for a directory with nothing else in it: if others could look into it, they no longer can.
pub(in crate::stores) fn make_private(directory: &Path) -> io::Result<()> {
    make(directory)?;
    std::fs::set_permissions(directory, Permissions::from_mode(PRIVATE))
}

/// The same for a file, whose content stays.
pub(in crate::stores) fn make_private_file(file: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE_FILE).open(file)?;
    file.set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
    Ok(file)
}

/// All or nothing, and for its owner only: a conductor that is killed here must be able to start again.
pub(in crate::stores) fn write_once(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let mut written = tempfile::NamedTempFile::new_in(directory)?;
    written.write_all(bytes)?;
    written.as_file().sync_all()?;
    written.persist(file)?;
    // The name itself must survive a power cut: without its passphrase a keystore is lost.
    File::open(directory)?.sync_all()
}

/// The name of a directory's lock.
pub(in crate::stores) const LOCK: &str = "lock";

pub(in crate::stores) const PRIVATE: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;
