//! Files that hold secrets: who can open them, and how they are written.

use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

/// The mode of a file that others than its owner may read or write; `None` if nobody else may, and for anything that is not a file,
/// such as a pipe. Ham refuses to use such a file of its own; a file that it is given (a passphrase, a token) may be mounted that way
/// on purpose, so ham only warns.
/// purpose, so ham only warns.
#[cfg(unix)]
pub fn open_to_others(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    (metadata.is_file() && mode & 0o077 != 0).then_some(mode)
}

/// This is not known on this system.
#[cfg(not(unix))]
pub fn open_to_others(_: &Metadata) -> Option<u32> {
    None
}

/// What to do about a file or a directory that others can open although its content is for one user alone. If it belongs to someone
/// else, or to the system, its mode must not be changed.
#[cfg(unix)]
pub fn how_to_close(path: &Path) -> &'static str {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok();
    let is_own = metadata.as_ref().is_none_or(|it| it.uid() == rustix::process::geteuid().as_raw());
    match metadata {
        _ if !is_own || is_of_the_system(path) => NOT_YOURS,
        Some(it) if it.is_dir() => "run `chmod 700` on it",
        _ => "run `chmod 600` on it",
    }
}

/// The owner is not known on this system.
#[cfg(not(unix))]
pub fn how_to_close(_: &Path) -> &'static str {
    NOT_YOURS
}

/// Whether others need it as it is, even if it belongs to the user who runs this as root.
#[cfg(unix)]
fn is_of_the_system(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let holds = |directories: &[&str]| directories.iter().any(|directory| path.starts_with(directory));
    SHARED.iter().any(|shared| path == Path::new(shared))
        || holds(&SYSTEM) && !path.starts_with("/usr/local")
        || path.is_file() && path.parent() == Some(Path::new("/etc"))
}

const NOT_YOURS: &str = "it is not yours alone: name another one";
/// Directories that hold many things.
#[cfg(unix)]
const SHARED: [&str; 16] = [
    "/",
    "/etc",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/tmp",
    "/usr/local",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/tmp",
];
/// Directories that an installation brings.
#[cfg(unix)]
const SYSTEM: [&str; 9] = ["/bin", "/boot", "/dev", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"];

/// Replaces a file as a whole, durably: through a fresh file beside it, with a name that cannot be guessed, for the owner only, and
/// never through an existing file. Blocks briefly.
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Case: a user who named a system file was told to take it away from everyone.
    #[test]
    fn the_mode_of_a_file_of_the_system_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        std::fs::write(&file, "").unwrap();
        assert_eq!(how_to_close(&file), "run `chmod 600` on it");
        assert_eq!(how_to_close(directory.path()), "run `chmod 700` on it");
        for path in ["/etc/passwd", "/etc", "/proc/self/status", "/usr/bin", "/tmp", "/"] {
            assert_eq!(how_to_close(Path::new(path)), NOT_YOURS, "{path}");
        }
    }
}
