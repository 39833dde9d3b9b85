//! A key and the grant it was made for, and the file format that holds many of them. Everything in them is secret.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{ActionHash, AgentPubKey, CAP_SECRET_BYTES, CapSecret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::credentials::{Credentials, Key};
use crate::entropy::Entropy;
use crate::redact::Secret;

/// The prefix of all tags that ham writes, so that `ham grants` can recognise them.
const TAG_PREFIX: &str = "ham:";

/// One key and the grant it was made for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredCredential {
    /// The app the cell belongs to.
    pub(super) app_id: String,
    /// The cell, named by its hashes.
    pub(super) cell: String,
    /// The grant's tag, by which it is found again on the chain.
    pub(super) tag: String,
    /// The ed25519 seed.
    seed: Zeroizing<[u8; 32]>,
    /// The capability secret.
    #[serde(with = "serde_bytes")]
    cap_secret: Vec<u8>,
    /// The action that wrote the grant, once known: a revocation names it. Earlier files lack it.
    #[serde(default)]
    pub(super) written: Option<ActionHash>,
    /// When the grant was requested, in microseconds since 1970, until its fate is known. Earlier files lack it.
    #[serde(default)]
    pub(super) asked: Option<u64>,
}

impl Drop for StoredCredential {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.cap_secret);
    }
}

impl StoredCredential {
    /// A new key for a cell.
    ///
    /// # Errors
    /// Why there is no randomness.
    pub(super) fn new(app_id: &str, cell: &str, entropy: &dyn Entropy) -> Result<Self, String> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        let mut cap_secret = vec![0_u8; CAP_SECRET_BYTES];
        entropy.fill(&mut *seed)?;
        entropy.fill(&mut cap_secret)?;
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let tag = format!("{TAG_PREFIX}{}", AgentPubKey::from_raw_32(public.as_bytes().to_vec()));
        let (app_id, cell) = (app_id.to_owned(), cell.to_owned());
        Ok(Self { app_id, cell, tag, seed, cap_secret, written: None, asked: None })
    }

    /// The credentials that sign with it.
    pub(super) fn credentials(&self) -> Credentials {
        let key = SigningKey::from_bytes(&self.seed);
        let public = key.verifying_key();
        Credentials {
            provenance: AgentPubKey::from_raw_32(public.as_bytes().to_vec()),
            cap_secret: CapSecret::try_from(self.cap_secret.as_slice()).ok(),
            key: Key::Own(Box::new(key)),
        }
    }
}

/// The name of a cell, made of its hashes.
pub(super) fn cell_name(cell: &CellId) -> String {
    format!("{}:{}", cell.dna_hash(), cell.agent_pubkey())
}

/// The version of the format, so that a later ham can recognise it.
const VERSION: u32 = 1;
/// The size of one credential in a file, in bytes, on the generous side.
const CREDENTIAL_SIZE: usize = 1024;

#[derive(Deserialize)]
struct Read {
    version: u32,
    credentials: Vec<StoredCredential>,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    credentials: Vec<&'a StoredCredential>,
}

/// The credentials of one file, by app and cell, in that order.
#[derive(Default)]
pub(super) struct Credentialed(BTreeMap<(String, String), StoredCredential>);

impl Credentialed {
    /// Reads the content of a file.
    ///
    /// # Errors
    /// Why it is not one of ham's; quotes nothing of it.
    pub(super) fn read(content: &Secret) -> Result<Self, String> {
        let file: Read = rmp_serde::from_slice(content.expose()).map_err(|_| {
            "is not a credential file of ham, or is damaged; move it away to start afresh".to_owned()
        })?;
        if file.version != VERSION {
            return Err(format!("has format {}, this ham reads {VERSION}", file.version));
        }
        let mut all = Self::default();
        file.credentials.into_iter().for_each(|credential| all.put(credential));
        Ok(all)
    }

    /// The content to write to a file.
    pub(super) fn written(&self) -> Result<Secret, String> {
        let credentials: Vec<_> = self.0.values().collect();
        // Allocated at full size: a buffer that grows leaves copies behind.
        let mut content = Zeroizing::new(Vec::with_capacity((credentials.len() + 1) * CREDENTIAL_SIZE));
        rmp_serde::encode::write_named(&mut *content, &Written { version: VERSION, credentials })
            .map_err(|_| "does not encode".to_owned())?;
        Ok(Secret::new(std::mem::take(&mut content)))
    }

    pub(super) fn take(&mut self, app_id: &str, cell: &str) -> Option<StoredCredential> {
        self.0.remove(&(app_id.to_owned(), cell.to_owned()))
    }

    /// Replaces what is there for the same app and cell.
    pub(super) fn put(&mut self, credential: StoredCredential) {
        self.0.insert((credential.app_id.clone(), credential.cell.clone()), credential);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn credentials_are_kept_by_app_and_cell_whichever_order_they_come_in() {
        let made: Vec<_> = [("a", "1"), ("a", "2"), ("b", "1")]
            .map(|(app, cell)| StoredCredential::new(app, cell, &SystemEntropy).unwrap())
            .into();
        let file = |order: &[usize]| {
            let mut file = Credentialed::default();
            order.iter().for_each(|&n| file.put(made[n].clone()));
            file.written().unwrap()
        };
        let content = file(&[2, 0, 1]);
        assert_eq!(content, file(&[0, 1, 2, 1]));
        let mut read = Credentialed::read(&content).unwrap();
        for credential in &made {
            let found = read.take(&credential.app_id, &credential.cell).unwrap();
            assert!(found == *credential && found.credentials().cap_secret.is_some());
        }
        let cut = Secret::new(content.expose()[..content.expose().len() / 2].to_vec());
        assert!(Credentialed::read(&cut).is_err_and(|why| why.contains("damaged")));
    }

    /// What an earlier ham wrote: no `asked`, no `written`, and bytes for the secret.
    #[test]
    fn earlier_files_are_read() {
        #[derive(Serialize)]
        struct Earlier {
            app_id: &'static str,
            cell: &'static str,
            tag: &'static str,
            seed: [u8; 32],
            #[serde(with = "serde_bytes")]
            cap_secret: Vec<u8>,
        }
        #[derive(Serialize)]
        struct File {
            version: u32,
            credentials: Vec<Earlier>,
        }
        let earlier = Earlier { app_id: "a", cell: "c", tag: "t", seed: [7; 32], cap_secret: vec![9; 64] };
        let file = File { version: 1, credentials: vec![earlier] };
        let content = Secret::new(rmp_serde::to_vec_named(&file).unwrap());
        let found = Credentialed::read(&content).unwrap().take("a", "c").unwrap();
        assert_eq!((*found.seed, found.cap_secret.len(), found.asked), ([7; 32], 64, None));
    }
}
