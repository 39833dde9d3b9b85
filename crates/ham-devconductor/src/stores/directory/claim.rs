//! Who has a directory in hand: whoever makes it, until its lock is there, or whoever removes it.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Whether a directory is in one's hand.
#[derive(Debug)]
pub(super) enum Claim {
    /// Until this is closed.
    Mine(File),
    /// It is in another one's hand, or has gone.
    Others,
    /// The file system locks no directories, so nobody has it.
    Unknown,
}

/// Takes a directory in hand. The system lets go of it when the process ends, however it ends.
pub(super) fn claim(directory: &Path) -> Claim {
    let opened = match File::open(directory) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Claim::Others,
        Err(_) => return Claim::Unknown,
    };
    match opened.try_lock() {
        // Whoever removed it meanwhile had it in hand before.
        Ok(()) if is(&opened, directory) => Claim::Mine(opened),
        Ok(()) | Err(TryLockError::WouldBlock) => Claim::Others,
        Err(TryLockError::Error(_)) => Claim::Unknown,
    }
}

/// Whether this is what is there by that name.
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
