//! Temporary directories, and those that processes left which were killed.

use std::fs::{DirEntry, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::TempDir;

use super::private::{LOCK, PRIVATE, make_private_file};

/// Makes a directory that nobody else looks into, and locks it. Its lock has its name once it is held: what has one that nobody holds is
/// left over.
pub(super) fn make(among: &Path, prefix: &str) -> io::Result<(TempDir, File)> {
    let made = tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(PRIVATE))
        .tempdir_in(among)?;
    let unheld = made.path().join("lock.new");
    let lock = make_private_file(&unheld)?;
    lock.try_lock()?;
    std::fs::rename(unheld, made.path().join(LOCK))?;
    Ok((made, lock))
}

/// Removes what processes of the user left whose directory `ours` is, a few of them: a start takes milliseconds. What cannot be removed
/// stays.
pub(super) fn remove(among: &Path, prefix: &str, ours: &Path) {
    let (Ok(entries), Ok(ours)) = (std::fs::read_dir(among), std::fs::metadata(ours)) else { return };
    let left =
        entries.flatten().filter_map(|entry| Some((unheld(&entry, prefix, ours.uid())?, entry.path())));
    let removed = left.filter(|(_lock, path)| {
        let removed = std::fs::remove_dir_all(path);
        match &removed {
            Ok(()) => tracing::info!("removed {}, which a process left that was killed", path.display()),
            Err(error) => tracing::debug!(%error, "{} cannot be removed", path.display()),
        }
        removed.is_ok()
    });
    // As many as that; what cannot be removed does not count.
    removed.take(MOST).for_each(drop);
}

/// The lock of a directory that is left over.
fn unheld(entry: &DirEntry, prefix: &str, user: u32) -> Option<File> {
    let is_one = entry.file_name().to_str()?.starts_with(prefix);
    let metadata = entry.metadata().ok()?;
    if !(is_one && metadata.is_dir() && metadata.uid() == user) {
        return None;
    }
    let path = entry.path().join(LOCK);
    // To open a pipe waits for whoever reads it.
    if !std::fs::symlink_metadata(&path).ok()?.is_file() {
        return None;
    }
    let lock = OpenOptions::new().write(true).open(path).ok()?;
    lock.try_lock().ok()?;
    Some(lock)
}

/// Directories that are removed at one start.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "ham-dev-";

    /// Case: what a conductor kept in the temporary directory stayed there for good when it was killed, and others could list it.
    #[test]
    fn what_a_killed_conductor_left_goes_with_the_next_start_and_nothing_else() {
        let among = tempfile::tempdir().unwrap();
        let (held, _lock) = make(among.path(), PREFIX).unwrap();
        let mode = std::fs::metadata(held.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, PRIVATE);
        let (left, lock) = make(among.path(), PREFIX).unwrap();
        std::fs::create_dir(left.path().join("databases")).unwrap();
        drop(lock);
        let left = left.keep();
        let (pipe, unheld) = make(among.path(), PREFIX).unwrap();
        drop(unheld);
        std::fs::remove_file(pipe.path().join(LOCK)).unwrap();
        // The start waited for ever for whoever reads it.
        assert!(std::process::Command::new("mkfifo").arg(pipe.path().join(LOCK)).status().unwrap().success());
        let (other_kind, unheld) = make(among.path(), "ham-gateway-").unwrap();
        drop(unheld);
        // One that begins, something of another name, and a file.
        let begins = tempfile::Builder::new().prefix(PREFIX).tempdir_in(among.path()).unwrap();
        let another = among.path().join("another");
        std::fs::create_dir(&another).unwrap();
        std::fs::write(another.join(LOCK), "").unwrap();
        let file = among.path().join("ham-dev-notes");
        std::fs::write(&file, "").unwrap();
        remove(among.path(), PREFIX, held.path());
        assert!(!left.exists());
        for stays in [held.path(), pipe.path(), begins.path(), &another, &file, other_kind.path()] {
            assert!(stays.exists(), "{}", stays.display());
        }
    }
}
