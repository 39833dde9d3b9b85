//! Who has a directory in hand: its creator, until its lock is there, or its remover.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Whether this process has a directory in hand.
#[derive(Debug)]
pub(super) enum Claim {
    /// Until this is closed.
    Mine(File),
    /// Another process has it in hand, or it is gone.
    Others,
    /// The file system does not lock directories, so nobody has it.
    Unknown,
}

/// Takes a directory in hand. The system releases it when the process ends, however it ends.
pub(super) fn claim(directory: &Path) -> Claim {
    let opened = match File::open(directory) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Claim::Others,
        Err(_) => return Claim::Unknown,
    };
    match opened.try_lock() {
        // If it was removed meanwhile, its remover had it in hand before.
        Ok(()) if is(&opened, directory) => Claim::Mine(opened),
        Ok(()) | Err(TryLockError::WouldBlock) => Claim::Others,
        Err(TryLockError::Error(_)) => Claim::Unknown,
    }
}

/// Whether this is the file with that name.
fn is(opened: &File, path: &Path) -> bool {
    let (Ok(opened), Ok(there)) = (opened.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (opened.dev(), opened.ino()) == (there.dev(), there.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_in_one_hand() {
        let among = tempfile::tempdir().unwrap();
        let path = among.path().join("one");
        assert!(matches!(claim(&path), Claim::Others), "it is not there");
        std::fs::create_dir(&path).unwrap();
        let Claim::Mine(held) = claim(&path) else { panic!("nobody has it") };
        assert!(matches!(claim(&path), Claim::Others));
        // What was opened before it went is another one than what is there by its name.
        assert!(is(&held, &path));
        std::fs::remove_dir(&path).unwrap();
        assert!(!is(&held, &path));
        std::fs::create_dir(&path).unwrap();
        assert!(!is(&held, &path));
        assert!(matches!(claim(&path), Claim::Mine(_)));
    }
}
