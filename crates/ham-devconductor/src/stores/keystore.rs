//! The keystore, in this process: agents' keys, signing, sealing.

mod place;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex};

use holochain_keystore::MetaLairClient;
use lair_keystore::store_sqlite::create_sql_pool_factory;
use lair_keystore_api::dependencies::sodoken::LockedArray;
use lair_keystore_api::in_proc_keystore::InProcKeystore;
use lair_keystore_api::ipc_keystore::{IpcKeystoreServer, ipc_keystore_connect};
use lair_keystore_api::mem_store::create_mem_store_factory;
use lair_keystore_api::prelude::{LairResult, LairServerConfig, SharedLockedArray};
use rand::RngCore as _;

use self::place::keystore;
use super::directory::{make_private, make_private_file, write_once};
use super::signer::Signer;
use crate::config::{Config, DataDirectory, Passphrase};
use crate::error::StartError;

/// An open keystore.
pub(super) struct Keystore {
    pub(super) client: MetaLairClient,
    /// Serves its socket while this exists.
    _server: Option<IpcKeystoreServer>,
}

/// Opens it: in memory for a temporary conductor, otherwise in the data directory. There, other programs that know its
/// passphrase reach it through the socket that its configuration names, as with `holochain`'s.
///
/// Deriving its key takes the least effort that `lair` offers: a conductor for development starts in milliseconds, and
/// anyone who can read the directory can read the passphrase in it, unless one is given.
///
/// `was_used` says that the data directory has databases: a keystore that has lost its keys is then refused.
pub(super) async fn open(config: &Config, directory: &Path, was_used: bool) -> Result<Keystore, StartError> {
    match &config.data {
        DataDirectory::Temporary => in_memory().await.map_err(keystore),
        DataDirectory::Kept(_) => {
            let directory = directory.join("ks");
            place::check(&directory, was_used)?;
            kept(&directory, config.passphrase.as_ref()).await
        }
    }
}

async fn in_memory() -> LairResult<Keystore> {
    let passphrase = locked(&random())?;
    let config = place::made(&passphrase).await?;
    let store = InProcKeystore::new(Arc::new(config), create_mem_store_factory(), passphrase).await?;
    let client = Signer::of(store.new_client().await?, store.store().await?);
    Ok(Keystore { client: MetaLairClient::from_client(client).await?, _server: None })
}

async fn kept(directory: &Path, given: Option<&Passphrase>) -> Result<Keystore, StartError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::KeystoreFile { path, source }
    };
    make_private(directory).map_err(at(directory))?;
    let directory = &directory.canonicalize().map_err(at(directory))?;
    let passphrase = match given {
        Some(given) => locked(given),
        None => {
            let file = directory.join("passphrase");
            locked(&kept_passphrase(&file).map_err(at(&file))?)
        }
    };
    let passphrase = passphrase.map_err(keystore)?;
    let config = Arc::new(place::config(directory, &passphrase).await?);
    // Before the keystore is created, because SQLite makes the files beside it private too.
    make_private_file(&config.store_file).map_err(at(&config.store_file))?;
    match served(&config, &passphrase).await {
        Ok(open) => Ok(open),
        Err(error) => Err(if is_opened_by(config, passphrase).await {
            keystore(error)
        } else {
            StartError::Passphrase { source: error.into() }
        }),
    }
}

async fn served(config: &LairServerConfig, passphrase: &SharedLockedArray) -> LairResult<Keystore> {
    let factory = create_sql_pool_factory(&config.store_file, &config.database_salt);
    let server = IpcKeystoreServer::new(Arc::clone(config), factory, Arc::clone(passphrase)).await?;
    let client = ipc_keystore_connect(config.connection_url.clone(), Arc::clone(passphrase)).await?;
    let client = Signer::of(client, server.store().await?);
    Ok(Keystore { client: MetaLairClient::from_client(client).await?, _server: Some(server) })
}

/// Whether this is the passphrase of this keystore; none of the keystore's files is opened. `lair` does not say why it refuses.
async fn is_opened_by(config: LairServerConfig, passphrase: SharedLockedArray) -> bool {
    InProcKeystore::new(config, create_mem_store_factory(), passphrase).await.is_ok()
}

/// Created before the keystore, and only read after that.
fn kept_passphrase(file: &Path) -> std::io::Result<Passphrase> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Passphrase(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound && !place::is_made(file) => {
            let made = random();
            write_once(file, &made.0)?;
            Ok(made)
        }
        Err(error) => Err(error),
    }
}

fn random() -> Passphrase {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    Passphrase(bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect())
}

fn locked(passphrase: &Passphrase) -> LairResult<SharedLockedArray> {
    let mut array = LockedArray::new(passphrase.0.len())?;
    array.lock().copy_from_slice(&passphrase.0);
    Ok(Arc::new(Mutex::new(array)))
}
