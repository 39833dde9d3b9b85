use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::outbox::limits::Limits;

fn opened(path: &Path) -> Result<(), StoreError> {
    DatabaseSource::file(path)?.open().map(drop)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A file that was truncated to nothing began again, as if no call had ever been kept.
#[test]
fn an_empty_file_has_lost_what_it_held() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.redb");
    opened(&path).unwrap();
    assert_eq!(names(directory.path()), ["outbox.redb"]);
    File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert!(matches!(opened(&path), Err(StoreError::Empty)));
}

/// A process that dies while it makes the file leaves no file of that name, so the next process makes it.
#[test]
fn a_file_that_was_never_finished_is_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.redb");
    File::create(path.with_extension("01M8J10V1SQV71CG9X56JPDN5W.new")).unwrap();
    opened(&path).unwrap();
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.redb");
    opened(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(opened(&path), Err(StoreError::OpenToOthers { mode: 0o644 })));
}

/// A file that was taken away is not made again: the calls in it would run once more.
#[test]
fn a_file_that_is_gone_stays_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.redb");
    let mut source = DatabaseSource::file(&path).unwrap();
    drop(source.open().unwrap());
    fs::remove_file(&path).unwrap();
    assert!(matches!(source.open(), Err(StoreError::Io(error)) if error.kind() == ErrorKind::NotFound));
    assert!(crate::outbox::Store::open(&path, Limits::default()).is_ok());
}
