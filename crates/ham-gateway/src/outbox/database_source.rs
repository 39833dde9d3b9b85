//! The source of the outbox's file: how the file is made, opened, and opened again.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Builder, Database, StorageBackend};
use ulid::Ulid;

use super::error::StoreError;
use super::tables::Tables;

/// Opens the file, as often as necessary.
pub(super) struct DatabaseSource(Box<dyn FnMut() -> Result<Database, StoreError> + Send>);

impl DatabaseSource {
    /// A file, which is made if it is not there yet. It is only made once: if it is gone later, somebody took it away.
    pub(super) fn file(path: &Path) -> Result<Self, StoreError> {
        if !path.try_exists().map_err(io)? {
            make(path)?;
        }
        let path: PathBuf = path.to_owned();
        Ok(Self(Box::new(move || open(&path))))
    }

    /// Storage of another kind.
    pub(super) fn storage<B: StorageBackend>(
        mut again: impl FnMut() -> io::Result<B> + Send + 'static,
    ) -> Self {
        Self(Box::new(move || Ok(Builder::new().create_with_backend(again().map_err(io)?)?)))
    }

    pub(super) fn open(&mut self) -> Result<Database, StoreError> {
        (self.0)()
    }
}

impl fmt::Debug for DatabaseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseSource").finish_non_exhaustive()
    }
}

/// Opens an existing file, which must be its owner's only.
fn open(path: &Path) -> Result<Database, StoreError> {
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(io)?;
    is_whole_and_private(&file.metadata().map_err(io)?)?;
    read_from_the_disk(&file);
    Ok(Builder::new().create_with_backend(FileBackend::new(file)?)?)
}

/// Whether the file of an outbox can be opened, as far as that can be seen from outside. A file that does not exist yet can.
///
/// # Errors
/// It is empty or open to others, or cannot be looked at.
pub fn look(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(metadata) => is_whole_and_private(&metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(error)),
    }
}

fn is_whole_and_private(metadata: &Metadata) -> Result<(), StoreError> {
    match ham::open_to_others(metadata) {
        Some(mode) => Err(StoreError::OpenToOthers { mode }),
        None if metadata.len() == 0 => Err(StoreError::Empty),
        None => Ok(()),
    }
}

/// Makes a file under a temporary name, and gives it its real name once it is an outbox on the disk: so an existing but
/// empty file has lost its contents. If another process was faster, its file stays.
fn make(path: &Path) -> Result<(), StoreError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let young = path.with_extension(format!("{}.new", Ulid::new()));
    let made = fill(&young).and_then(|()| match fs::hard_link(&young, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // Not every file system has links.
        Err(_) if !path.exists() => fs::rename(&young, path).map_err(io),
        linked => linked.map_err(io),
    });
    // If it was renamed, it is already gone.
    let _ = fs::remove_file(&young);
    made?;
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(io)
}

fn fill(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
    let database = Builder::new().create_with_backend(FileBackend::new(file)?)?;
    let transaction = database.begin_write()?;
    drop(Tables::open(&transaction)?);
    Ok(transaction.commit()?)
}

/// After a failed sync, the system shows what was written and not what is on the disk; this makes it forget that, as
/// far as it can.
#[cfg(target_os = "linux")]
fn read_from_the_disk(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
const fn read_from_the_disk(_file: &File) {}

/// The name of the outbox's file in a state directory.
pub const FILE: &str = "outbox.redb";

fn io(error: io::Error) -> StoreError {
    StoreError::Io(Arc::new(error))
}

#[cfg(test)]
mod tests;
