//! The keystore, in this process: agents' keys, signing, sealing.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use holochain_keystore::MetaLairClient;
use lair_keystore::store_sqlite::create_sql_pool_factory;
use lair_keystore_api::dependencies::sodoken::LockedArray;
use lair_keystore_api::in_proc_keystore::InProcKeystore;
use lair_keystore_api::ipc_keystore::{IpcKeystoreServer, ipc_keystore_connect};
use lair_keystore_api::mem_store::create_mem_store_factory;
use lair_keystore_api::prelude::{
    LairResult, LairServerConfig, LairServerConfigInner, PwHashLimits, SharedLockedArray,
};
use rand::RngCore as _;

use super::directory::{make_private, make_private_file};
use super::signer::Signer;
use crate::config::{Config, DataDirectory, Passphrase};
use crate::error::StartError;

/// An open keystore.
pub(super) struct Keystore {
    pub(super) client: MetaLairClient,
    /// Serves its socket while this exists.
    _server: Option<IpcKeystoreServer>,
}

/// Opens it: in memory for a temporary conductor, otherwise in the data directory, where other programs that know its passphrase
/// reach it through the socket that its configuration names, as with `holochain`'s.
///
/// Deriving its key takes the least effort that `lair` offers: a conductor for development starts in milliseconds, and anyone who can
/// read the directory can read the passphrase beside it unless one is given.
pub(super) async fn open(config: &Config, directory: &Path) -> Result<Keystore, StartError> {
    match &config.data {
        DataDirectory::Temporary => in_memory().await,
        DataDirectory::Kept(_) => kept(&directory.join("ks"), config.passphrase.as_ref()).await,
    }
    .map_err(|error| StartError::Keystore { source: error.into() })
}

async fn in_memory() -> LairResult<Keystore> {
    let passphrase = locked(&random())?;
    let config = new_config(Path::new("/"), &passphrase).await?;
    let store = InProcKeystore::new(Arc::new(config), create_mem_store_factory(), passphrase).await?;
    let client = Signer::of(store.new_client().await?, store.store().await?);
    Ok(Keystore { client: MetaLairClient::from_client(client).await?, _server: None })
}

async fn kept(directory: &Path, given: Option<&Passphrase>) -> LairResult<Keystore> {
    make_private(directory)?;
    let passphrase = match given {
        Some(given) => locked(given)?,
        None => locked(&kept_passphrase(&directory.join("passphrase"))?)?,
    };
    let file = directory.join("lair-keystore-config.yaml");
    let config: LairServerConfig = match std::fs::read(&file) {
        Ok(bytes) => Arc::new(LairServerConfigInner::from_bytes(&bytes)?),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let config = new_config(directory, &passphrase).await?;
            write_once(&file, config.to_string().as_bytes())?;
            Arc::new(config)
        }
        Err(error) => return Err(error.into()),
    };
    // Before the keystore is created, because SQLite makes the files beside it private too.
    make_private_file(&config.store_file)?;
    let factory = create_sql_pool_factory(&config.store_file, &config.database_salt);
    let server = IpcKeystoreServer::new(Arc::clone(&config), factory, Arc::clone(&passphrase)).await?;
    let client = ipc_keystore_connect(config.connection_url.clone(), passphrase).await?;
    let client = Signer::of(client, server.store().await?);
    Ok(Keystore { client: MetaLairClient::from_client(client).await?, _server: Some(server) })
}

async fn new_config(root: &Path, passphrase: &SharedLockedArray) -> LairResult<LairServerConfigInner> {
    PwHashLimits::Minimum.with_exec(|| LairServerConfigInner::new(root, Arc::clone(passphrase))).await
}

/// Created with the directory and read ever after.
fn kept_passphrase(file: &Path) -> std::io::Result<Passphrase> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Passphrase(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = random();
            write_once(file, &made.0)?;
            Ok(made)
        }
        Err(error) => Err(error),
    }
}

/// All or nothing, and for its owner only: a conductor that is killed here must be able to start again.
pub(super) fn write_once(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let mut written = tempfile::NamedTempFile::new_in(directory)?;
    written.write_all(bytes)?;
    written.as_file().sync_all()?;
    written.persist(file)?;
    // The name itself must survive a power cut: without its passphrase a keystore is lost.
    std::fs::File::open(directory)?.sync_all()
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

#[cfg(test)]
mod tests {
    use holo_hash::AgentPubKey;
    use holochain_keystore::AgentPubKeyExt as _;

    use super::*;

    /// What is signed in this process is signed as over the connection: with the keystore's keys, and no others.
    #[tokio::test]
    async fn it_signs_with_the_keys_that_it_has() {
        let directory = tempfile::tempdir().unwrap();
        for keystore in [in_memory().await.unwrap(), kept(directory.path(), None).await.unwrap()] {
            let key = keystore.client.new_sign_keypair_random().await.unwrap();
            for data in [vec![], vec![7; 100], vec![8; 100_000]] {
                let data: Arc<[u8]> = data.into();
                let signature = keystore.client.sign(key.clone(), Arc::clone(&data)).await.unwrap();
                assert!(key.verify_signature_raw(&signature, Arc::clone(&data)).await.unwrap());
                assert!(!key.verify_signature_raw(&signature, Arc::from(*b"other")).await.unwrap());
            }
            let unknown = AgentPubKey::from_raw_32(vec![1; 32]);
            keystore.client.sign(unknown, Arc::from(*b"data")).await.unwrap_err();
        }
    }
}
