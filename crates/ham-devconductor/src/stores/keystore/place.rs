//! The configuration file of a keystore, which says where the keystore is: in the directory of that file, wherever that
//! directory is now.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use lair_keystore_api::prelude::{LairResult, LairServerConfigInner, PwHashLimits, SharedLockedArray};
use url::Url;

use crate::error::{Cause, StartError};
use crate::stores::directory::write_once;

/// Refuses a keystore that has lost a file, because `lair` would create it again, without its keys. `was_used` says that the
/// data directory has databases: the keys of their agents were here.
///
/// # Errors
/// [`KeystoreFile`](StartError::KeystoreFile).
pub(super) fn check(directory: &Path, was_used: bool) -> Result<(), StartError> {
    let is_lost = |name: &str| !std::fs::metadata(directory.join(name)).is_ok_and(|file| file.len() > 0);
    let was_used = was_used || !is_lost(LOG);
    match [CONFIG, STORE].into_iter().find(|name| was_used && is_lost(name)) {
        Some(name) => Err(StartError::KeystoreFile {
            path: directory.join(name),
            source: Error::new(ErrorKind::NotFound, "it is missing or empty"),
        }),
        None => Ok(()),
    }
}

/// The configuration of the keystore in this directory, whose path is canonical; created if there is no keystore yet.
/// Its paths are the current ones: a directory may be moved, copied and given by another path.
///
/// # Errors
/// [`KeystoreFile`](StartError::KeystoreFile), also if there is a keystore without its configuration, since nothing
/// else opens its keys; [`Keystore`](StartError::Keystore).
pub(super) async fn config(
    directory: &Path,
    passphrase: &SharedLockedArray,
) -> Result<LairServerConfigInner, StartError> {
    let file = directory.join(CONFIG);
    let failed = |source| StartError::KeystoreFile { path: file.clone(), source };
    let (mut config, is_new) = match std::fs::read(&file) {
        Ok(bytes) => {
            let config = LairServerConfigInner::from_bytes(&bytes);
            (config.map_err(|error| failed(Error::new(ErrorKind::InvalidData, error)))?, false)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !directory.join(STORE).exists() => {
            (made(passphrase).await.map_err(keystore)?, true)
        }
        Err(error) => return Err(failed(error)),
    };
    if put_in(&mut config, directory).map_err(failed)? || is_new {
        write_once(&file, config.to_string().as_bytes()).map_err(failed)?;
    }
    Ok(config)
}

/// The configuration of a keystore that has no place yet.
pub(super) async fn made(passphrase: &SharedLockedArray) -> LairResult<LairServerConfigInner> {
    PwHashLimits::Minimum.with_exec(|| LairServerConfigInner::new("/", Arc::clone(passphrase))).await
}

/// Whether there is a keystore beside this file.
pub(super) fn is_made(file: &Path) -> bool {
    file.with_file_name(CONFIG).exists()
}

/// Sets the paths to those in this directory; the public key of the server stays. Returns whether that changes anything.
fn put_in(config: &mut LairServerConfigInner, directory: &Path) -> Result<bool, Error> {
    // The file is text.
    directory.to_str().ok_or_else(|| Error::new(ErrorKind::InvalidInput, "its path is not UTF-8"))?;
    let socket = Url::from_file_path(directory.join(SOCKET));
    let socket = socket.map_err(|()| Error::new(ErrorKind::InvalidInput, "its path is not absolute"))?;
    let mut url = config.connection_url.clone();
    url.set_path(socket.path());
    let (store, pid) = (directory.join(STORE), directory.join(PID));
    let is_there = (&config.connection_url, &config.store_file, &config.pid_file) == (&url, &store, &pid);
    (config.connection_url, config.store_file, config.pid_file) = (url, store, pid);
    Ok(!is_there)
}

pub(super) fn keystore(error: impl Into<Cause>) -> StartError {
    StartError::Keystore { source: error.into() }
}

/// The names that `lair` uses.
const CONFIG: &str = "lair-keystore-config.yaml";
const STORE: &str = "store_file";
/// What is not in the store yet.
const LOG: &str = "store_file-wal";
const PID: &str = "pid_file";
const SOCKET: &str = "socket";
