//! The key that encrypts the databases. The keystore seals it, so the passphrase of the keystore opens the databases.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex};

use holochain_keystore::MetaLairClient;
use holochain_state::data::{Conductor, DatabaseIdentifier as _, DbKey};
use lair_keystore_api::dependencies::sodoken::SizedLockedArray;
use rand::RngCore as _;

use super::directory::write_once;
use crate::error::Cause;

/// The key of a directory's databases, created with them; `None` if they were created without one.
///
/// # Errors
/// The keystore cannot seal or open it, or the file cannot be read or written.
pub(super) async fn of(keystore: &MetaLairClient, databases: &Path) -> Result<Option<DbKey>, Cause> {
    let (file, lair) = (databases.join("key"), keystore.lair_client());
    let sealed = match tokio::fs::read(&file).await {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if databases.join(Conductor.database_id()).exists() {
                tracing::warn!(
                    "the databases of this directory were made without a passphrase, and are not encrypted"
                );
                return Ok(None);
            }
            if lair.get_entry(TAG.into()).await.is_err() {
                lair.new_seed(TAG.into(), None, false).await?;
            }
            let mut secret = [0; KEY + SALT];
            rand::rng().fill_bytes(&mut secret);
            let (nonce, cipher) = lair.secretbox_xsalsa_by_tag(TAG.into(), None, secret.into()).await?;
            let sealed = [&nonce[..], &cipher].concat();
            write_once(&file, &sealed)?;
            sealed
        }
        Err(error) => return Err(error.into()),
    };
    let (nonce, cipher) = sealed.split_first_chunk().ok_or("the key of the databases is truncated")?;
    let secret = lair.secretbox_xsalsa_open_by_tag(TAG.into(), None, *nonce, cipher.into()).await?;
    let (key, salt) = secret.split_at_checked(KEY).ok_or("the key of the databases is truncated")?;
    Ok(Some(DbKey { key: locked(key)?, salt: locked(salt)?, locked: String::new() }))
}

fn locked<const SIZE: usize>(bytes: &[u8]) -> Result<Arc<Mutex<SizedLockedArray<SIZE>>>, Cause> {
    let bytes: &[u8; SIZE] = bytes.try_into()?;
    let mut array = SizedLockedArray::new()?;
    array.lock().copy_from_slice(bytes);
    Ok(Arc::new(Mutex::new(array)))
}

/// The name of the seed that seals it.
const TAG: &str = "ham: key of the databases";

/// Sizes in bytes, as SQLCipher takes them.
const KEY: usize = 32;
const SALT: usize = 16;
