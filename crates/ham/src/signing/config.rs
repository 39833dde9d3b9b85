//! What signs, as configured.

use std::path::PathBuf;
use std::sync::Arc;

use holochain_zome_types::prelude::GrantedFunctions;

use super::file::PrivateFile;
use super::keystore::Keystore;
use super::keystore_client::KeystoreClient;
use super::lair::LairSigning;
use super::store::CredentialFile;

/// Keys of ham's own, each authorised by one capability grant on its cell's source chain.
///
/// # Defaults
/// Keys in memory; grants for all functions, without a budget.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientKeySigning {
    /// Where keys are kept between runs; `None` keeps them in memory, so each run of the process grants once per cell.
    pub store: Option<Arc<dyn CredentialFile>>,
    /// What a grant allows.
    pub functions: GrantedFunctions,
    /// How many grants the process may write for one app of one conductor; `None` for no bound beyond one per cell. A grant that was
    /// not written does not count; one whose fate is unknown counts until its fate is known.
    pub budget: Option<u32>,
}

impl Default for ClientKeySigning {
    fn default() -> Self {
        Self { store: None, functions: GrantedFunctions::All, budget: None }
    }
}

impl ClientKeySigning {
    /// Keeps the keys in the file `path` between runs. Processes and apps may share it: changes are merged under a lock, a file named
    /// like `path` with `.lock` appended, and a key for which another process already has a grant is used. The file is for its owner
    /// only (mode 0600), is replaced as a whole, and is refused if others can read or write it.
    #[must_use]
    pub fn with_store(self, path: impl Into<PathBuf>) -> Self {
        self.with_credential_file(Arc::new(PrivateFile::new(path.into())))
    }

    /// Keeps the keys between runs in whatever stands in for the file.
    #[must_use]
    pub fn with_credential_file(mut self, file: Arc<dyn CredentialFile>) -> Self {
        self.store = Some(file);
        self
    }

    /// What a grant allows.
    #[must_use]
    pub fn with_functions(mut self, functions: GrantedFunctions) -> Self {
        self.functions = functions;
        self
    }

    /// How many grants may be written.
    #[must_use]
    pub fn with_budget(mut self, budget: u32) -> Self {
        self.budget = Some(budget);
        self
    }
}

/// Who signs.
///
/// # Default
/// Client keys in memory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Signing {
    /// The cells' own keys, in a lair keystore: no grant is ever written.
    Lair(LairSigning),
    /// The cells' own keys, in the owner's own [`Keystore`]: no grant is ever written.
    Keystore(Arc<dyn Keystore>),
    /// The cells' own keys, in a keystore whose one link several connections share: no grant is ever written.
    KeystoreClient(KeystoreClient),
    /// Keys of ham's own: one grant per cell.
    ClientKeys(ClientKeySigning),
}

impl Default for Signing {
    fn default() -> Self {
        Self::ClientKeys(ClientKeySigning::default())
    }
}
