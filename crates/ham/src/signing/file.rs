//! The credential file on disk. Reads and writes are short, and run off the runtime's threads.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::secret_file::{how_to_close, open_to_others, replace};
use super::store::{CredentialFile, LockedCredentialFile, StoreFuture};
use crate::redact::Secret;

/// How often to retry a lock that someone holds. It is held while a grant is written, which takes some 10 ms.
const LOCK_POLL: Duration = Duration::from_millis(20);
/// The largest credential file that is read, in bytes: some 50,000 keys.
const MAX_SIZE: u64 = 16 << 20;

/// How many links in a row are followed to a file that does not exist yet; operating systems stop at as many.
const MAX_LINKS: usize = 40;

/// A credential file.
#[derive(Clone, Debug)]
pub(super) struct PrivateFile {
    path: PathBuf,
}

impl PrivateFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl CredentialFile for PrivateFile {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn load(&self) -> StoreFuture<'_, Option<Secret>> {
        let path = self.path.clone();
        Box::pin(off_runtime(move || read(&path)))
    }

    fn lock(&self) -> StoreFuture<'_, Box<dyn LockedCredentialFile>> {
        Box::pin(async {
            loop {
                let path = self.path.clone();
                // Polled rather than awaited: a thread that waits for a lock cannot be told to stop.
                if let Some(locked) = off_runtime(move || try_lock(&path)).await? {
                    let locked: Box<dyn LockedCredentialFile> = Box::new(locked);
                    return Ok(locked);
                }
                tokio::time::sleep_until(Instant::now() + LOCK_POLL).await;
            }
        })
    }
}

/// A credential file and its lock, which the system releases when the last handle is closed.
struct LockedFile {
    path: PathBuf,
    lock: Arc<File>,
}

impl LockedCredentialFile for LockedFile {
    fn save(&mut self, content: Secret) -> StoreFuture<'_, ()> {
        let (path, lock) = (self.path.clone(), self.lock.clone());
        Box::pin(off_runtime(move || {
            let replaced = replace(&path, content.expose());
            // Not before: nobody may read the file while an abandoned write is still under way.
            drop(lock);
            replaced
        }))
    }
}

/// The whole file; `None` if it does not exist. Refuses one that others can open.
fn read(path: &Path) -> io::Result<Option<Secret>> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Opening a pipe would wait for its writer.
    if !metadata.is_file() {
        return Err(io::Error::other("is not a regular file"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if let Some(mode) = open_to_others(&metadata) {
        return Err(io::Error::other(format!(
            "can be read or written by others (mode {mode:o}): {}",
            how_to_close(path)
        )));
    }
    if metadata.len() > MAX_SIZE {
        return Err(io::Error::other(format!("is larger than {MAX_SIZE} bytes")));
    }
    // Allocated at full size: a buffer that grows leaves copies behind.
    let mut content = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    let read = file.take(MAX_SIZE).read_to_end(&mut content);
    let content = Secret::new(content);
    read.map(|_| Some(content))
}

/// Locks a file beside the credential file, which is itself replaced at each write; `None` if another process, or another part of
/// this one, holds the lock. The lock file stays: whoever removed it could not know that nobody waits for it.
fn try_lock(path: &Path) -> io::Result<Option<LockedFile>> {
    let path = followed(path)?;
    let mut name = path.clone().into_os_string();
    name.push(".lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let made = {
        let mut options = options.clone();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.create_new(true).open(&name)
    };
    let lock = match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(&name)?,
        made => made?,
    };
    match lock.try_lock() {
        Ok(()) => Ok(Some(LockedFile { path, lock: Arc::new(lock) })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The file that is meant: links are followed, so that naming the file and naming a link to it lock and replace the same one. The
/// file need not exist yet, not even behind a link.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::canonicalize(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let Some(name) = path.file_name().map(ToOwned::to_owned) else { break };
        path = match std::fs::read_link(&path) {
            Ok(target) => directory.join(target),
            Err(_) => return Ok(std::fs::canonicalize(directory)?.join(name)),
        };
    }
    Err(io::Error::other("is a link that leads nowhere"))
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests;
