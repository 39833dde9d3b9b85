//! Temporary directories, and those left behind by processes that were killed.

use std::fs::{DirEntry, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::TempDir;

use super::claim::{Claim, claim};
use super::private::{LOCK, PRIVATE, make_private_file};

/// Creates a directory that nobody else can look into, and locks it. The lock gets its name once it is held: a
/// directory with a lock that nobody holds is left over. Until then the directory is claimed by its creator: a
/// directory that has no lock and that nobody has claimed is left over too.
pub(super) fn make(among: &Path, prefix: &str) -> io::Result<(TempDir, File)> {
    let mut tries = 0..TRIES;
    loop {
        let made = tempfile::Builder::new()
            .prefix(prefix)
            .permissions(Permissions::from_mode(PRIVATE))
            .tempdir_in(among)?;
        let claimed = claim(made.path());
        // A concurrent start took it for left over before it was claimed: make another one.
        if matches!(claimed, Claim::Others) && tries.next().is_some() {
            let _ = std::fs::remove_dir(made.keep());
            continue;
        }
        let unheld = made.path().join(LOCK_BEFORE);
        let lock = make_private_file(&unheld)?;
        lock.try_lock()?;
        std::fs::rename(unheld, made.path().join(LOCK))?;
        return Ok((made, lock));
    }
}

/// Removes directories that killed processes of the owner of `ours` left behind; only a few, because a start takes
/// milliseconds. If one cannot be removed, it stays.
pub(super) fn remove(among: &Path, prefix: &str, ours: &Path) {
    let (Ok(entries), Ok(ours)) = (std::fs::read_dir(among), std::fs::metadata(ours)) else { return };
    let left = entries.flatten().filter_map(|entry| Some((left(&entry, prefix, ours.uid())?, entry.path())));
    let removed = left.filter(|(left, path)| {
        let removed = left.remove(path);
        match &removed {
            Ok(()) => tracing::info!("removed {}, left behind by a process that was killed", path.display()),
            Err(error) => tracing::debug!(%error, "{} cannot be removed", path.display()),
        }
        removed.is_ok()
    });
    // Up to that many; those that cannot be removed do not count.
    removed.take(MOST).for_each(drop);
}

/// A left-over directory, while it is being removed.
enum Left {
    /// Of a process that ran. This is its lock.
    Run(File),
    /// Of a process that was killed before its lock was there. This process has claimed it.
    Begun(File),
}

impl Left {
    fn remove(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Run(_lock) => {
                // The lock last: if this is killed midway, what is left still counts as left over.
                for entry in std::fs::read_dir(path)?.flatten().filter(|entry| entry.file_name() != LOCK) {
                    if entry.file_type()?.is_dir() {
                        std::fs::remove_dir_all(entry.path())?;
                    } else {
                        std::fs::remove_file(entry.path())?;
                    }
                }
                std::fs::remove_dir_all(path)
            }
            // It was empty. A directory with anything else in it belongs to someone, and stays.
            Self::Begun(_claim) => {
                let before = path.join(LOCK_BEFORE);
                if is_empty_but_for(path, LOCK_BEFORE)? {
                    std::fs::remove_file(before).or_else(|error| match error.kind() {
                        io::ErrorKind::NotFound => Ok(()),
                        _ => Err(error),
                    })?;
                }
                std::fs::remove_dir(path)
            }
        }
    }
}

/// Whether a directory is left over.
fn left(entry: &DirEntry, prefix: &str, user: u32) -> Option<Left> {
    let is_one = entry.file_name().to_str()?.starts_with(prefix);
    let metadata = entry.metadata().ok()?;
    if !(is_one && metadata.is_dir() && metadata.uid() == user) {
        return None;
    }
    let lock = entry.path().join(LOCK);
    match std::fs::symlink_metadata(&lock) {
        // Opening a pipe would wait for its reader.
        Ok(found) if found.is_file() => {
            let lock = OpenOptions::new().write(true).open(lock).ok()?;
            lock.try_lock().ok()?;
            Some(Left::Run(lock))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let is_ours = metadata.mode() & 0o777 == PRIVATE;
            match claim(&entry.path()) {
                // Checked again: its creator may have released it meanwhile.
                Claim::Mine(claim) if is_ours && !lock.exists() => Some(Left::Begun(claim)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a directory holds nothing else.
fn is_empty_but_for(directory: &Path, name: &str) -> io::Result<bool> {
    let mut names = std::fs::read_dir(directory)?;
    names.try_fold(true, |is_empty, entry| Ok(is_empty && entry?.file_name() == name))
}

/// The name of a lock that is not held yet.
const LOCK_BEFORE: &str = "lock.new";
/// How many directories others may take for left over before one is locked.
const TRIES: u32 = 16;
/// How many directories are removed at one start.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "ham-dev-";

    /// Case: the data of a conductor in the temporary directory stayed there for good when the conductor was killed,
    /// and others could list them.
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
        // The start waited for ever for somebody to read it.
        assert!(std::process::Command::new("mkfifo").arg(pipe.path().join(LOCK)).status().unwrap().success());
        let (other_kind, unheld) = make(among.path(), "ham-gateway-").unwrap();
        drop(unheld);
        // One that is being made, something of another name, and a file.
        let begins = begun(among.path());
        let Claim::Mine(_in_hand) = claim(begins.path()) else { panic!("nobody has it") };
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

    fn begun(among: &Path) -> TempDir {
        let mut named = tempfile::Builder::new();
        named.prefix(PREFIX).permissions(Permissions::from_mode(PRIVATE)).tempdir_in(among).unwrap()
    }

    /// Case: the directory of a conductor that was killed between creating and locking it stayed for good.
    #[test]
    fn what_was_killed_before_its_lock_was_there_goes_too() {
        let among = tempfile::tempdir().unwrap();
        let (held, _lock) = make(among.path(), PREFIX).unwrap();
        let [empty, before, full, open] = [(); 4].map(|()| begun(among.path()));
        std::fs::write(before.path().join(LOCK_BEFORE), "").unwrap();
        for file in [LOCK_BEFORE, "notes"] {
            std::fs::write(full.path().join(file), "").unwrap();
        }
        std::fs::set_permissions(open.path(), Permissions::from_mode(0o755)).unwrap();
        remove(among.path(), PREFIX, held.path());
        let are_there = [&held, &empty, &before, &full, &open].map(|made| made.path().exists());
        assert_eq!(are_there, [true, false, false, true, true]);
        assert!(full.path().join(LOCK_BEFORE).exists() && full.path().join("notes").exists());
    }

    /// Concurrent starts take what the others just made for left over, and make another one.
    #[test]
    fn starts_beside_each_other_leave_each_its_own() {
        let among = tempfile::tempdir().unwrap();
        let start = || {
            let made = make(among.path(), PREFIX).unwrap();
            remove(among.path(), PREFIX, made.0.path());
            made
        };
        let starts = || (0..50).map(|_| start()).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(starts)).collect();
            let all: Vec<_> = all.into_iter().flat_map(|each| each.join().unwrap()).collect();
            assert!(all.iter().all(|(made, _)| made.path().join(LOCK).exists()));
            assert_eq!(std::fs::read_dir(among.path()).unwrap().count(), all.len());
        });
    }
}
