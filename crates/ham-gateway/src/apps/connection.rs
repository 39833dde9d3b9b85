//! From the configuration to a connection.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ham::{
    Admin, AppInterface, ClientKeySigning, ConnectError, KeystoreClient, LairSigning, PersistentHam,
    PersistentHamConfig, Secret, Signing, TokenFuture,
};

use crate::config::{App, Config};
use crate::error::StartError;
use crate::outbox::remember_lost;

/// What the connections to the apps of one conductor share: a link to its admin interface, and one to the keystore.
#[derive(Debug)]
pub(super) struct Conductor {
    /// What connections begin with that find their app through the admin interface.
    discovering: Option<PersistentHamConfig>,
    signing: Signing,
}

impl Conductor {
    /// Dials nothing but a keystore, in a task of its own.
    pub(super) async fn new(config: &Config) -> Result<Self, StartError> {
        let discovering = match &config.conductor.admin_url {
            Some(url) => {
                let own = PersistentHamConfig::new(url.clone(), "");
                let admin = own.admin_client();
                let admin = admin.map_err(|error| StartError::Conductor(Box::new(error)))?;
                Some(admin.map_or(own.clone(), |admin| own.with_admin(admin)))
            }
            None => None,
        };
        Ok(Self { discovering, signing: signing(config).await? })
    }

    /// Starts the connection of an app; it dials in its own task.
    pub(super) fn start(&self, app: &App) -> Result<PersistentHam, StartError> {
        let connect = |error| StartError::Connect { app: app.id.clone(), source: Box::new(error) };
        let given = app.app_url.clone().zip(app.token_file.clone());
        let ham = match (&self.discovering, given) {
            (Some(discovering), None) => {
                let mut ham = discovering.clone();
                ham.app_id.clone_from(&app.id);
                ham
            }
            (_, Some((url, file))) => {
                PersistentHamConfig::without_admin(url, move || token(file.clone()), &app.id)
            }
            (None, None) => return Err(connect(ConnectError::NoInterface)),
        };
        let ham = match &app.app_url {
            Some(url) => ham.with_app(AppInterface::Url(url.clone())),
            None => ham,
        };
        let ham = ham.with_signing(self.signing.clone()).with_on_unknown(remember_lost);
        PersistentHam::start(ham).map_err(connect)
    }

    /// The link to the admin interface.
    pub(super) fn admin(&self) -> Option<&Admin> {
        self.discovering.as_ref()?.admin_client.as_ref()
    }

    /// Closes both links. The connections leave them open.
    pub(super) async fn close(&self) {
        let admin = async {
            if let Some(admin) = self.admin() {
                admin.close().await;
            }
        };
        let keystore = async {
            if let Signing::KeystoreClient(keystore) = &self.signing {
                keystore.close().await;
            }
        };
        tokio::join!(admin, keystore);
    }
}

async fn signing(config: &Config) -> Result<Signing, StartError> {
    let conductor = &config.conductor;
    if let (Some(url), Some(passphrase)) = (&conductor.lair_url_file, &conductor.lair_passphrase_file) {
        let text = read(url).await?;
        let passphrase = read(passphrase).await?.trim_ascii_end().to_vec();
        let url = String::from_utf8_lossy(&text).trim().to_owned();
        return LairSigning::new(&url, passphrase)
            .map(|lair| Signing::KeystoreClient(KeystoreClient::new(lair)))
            .map_err(|error| StartError::Keystore(error.to_string()));
    }
    let keys = ClientKeySigning::default();
    Ok(Signing::ClientKeys(match &config.state_dir {
        Some(directory) => keys.with_store(directory.join("credentials")),
        None => keys,
    }))
}

async fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    tokio::fs::read(path).await.map_err(|source| StartError::File { path: path.to_owned(), source })
}

/// The token in a file; errors never quote it.
fn token(file: PathBuf) -> TokenFuture {
    Box::pin(async move {
        let text = tokio::fs::read(&file)
            .await
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let token = STANDARD.decode(text.trim_ascii());
        token.map(Secret::new).map_err(|_| format!("{} is not valid base64", file.display()))
    })
}
