//! Claims to a directory: by its creator, until its lock is there, or by its remover.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The result of claiming a directory.
#[derive(Debug)]
pub(super) enum Claim {
    /// This process has claimed it, until this is closed.
    Mine(File),
    /// Another process has claimed it, or it is gone.
    Others,
    /// The file system does not lock directories, so nobody can claim it.
    Unknown,
}

/// Claims a directory. The system releases it when the process ends, however it ends.
pub(super) fn claim(directory: &Path) -> Claim {
    let opened = match File::open(directory) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Claim::Others,
        Err(_) => return Claim::Unknown,
    };
    match opened.try_lock() {
        // If it was removed meanwhile, its remover had claimed it before.
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
        // The file that was opened before is not the one that has the name now.
        assert!(is(&held, &path));
        std::fs::remove_dir(&path).unwrap();
        assert!(!is(&held, &path));
        std::fs::create_dir(&path).unwrap();
        assert!(!is(&held, &path));
        assert!(matches!(claim(&path), Claim::Mine(_)));
    }
}
