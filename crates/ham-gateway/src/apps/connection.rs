//! From the configuration to a connection.

use std::path::PathBuf;

use ham::{
    Admin, AppInterface, ClientKeySigning, ConnectError, KeystoreClient, LairSigning, PersistentHam,
    PersistentHamConfig, Signing, TokenFuture,
};

use crate::config::{App, Config};
use crate::error::StartError;
use crate::named_file;
use crate::outbox::remember_lost;

/// What the connections to the apps of one conductor share: a link to its admin interface, and one to the keystore.
#[derive(Debug)]
pub(super) struct Conductor {
    /// What the connections that find their app through the admin interface start from.
    discovering: Option<PersistentHamConfig>,
    signing: Signing,
}

impl Conductor {
    /// Dials only a keystore, in a task of its own.
    pub(super) fn new(config: &Config) -> Result<Self, StartError> {
        let discovering = match &config.conductor.admin_url {
            Some(url) => {
                let own = PersistentHamConfig::new(url.clone(), "");
                let admin = own.admin_client();
                let admin = admin.map_err(|error| StartError::Conductor(Box::new(error)))?;
                Some(admin.map_or(own.clone(), |admin| own.with_admin(admin)))
            }
            None => None,
        };
        Ok(Self { discovering, signing: signing(config)? })
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

    /// Closes both links. The connections themselves leave them open.
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

fn signing(config: &Config) -> Result<Signing, StartError> {
    let conductor = &config.conductor;
    if let (Some(url), Some(passphrase)) = (&conductor.lair_url_file, &conductor.lair_passphrase_file) {
        let unusable = |key: &str, why: &str| StartError::Keystore(format!("{key}: {why}"));
        let url = named_file::text(url).map_err(|why| unusable("lair_url_file", &why))?;
        let passphrase =
            named_file::read(passphrase).map_err(|why| unusable("lair_passphrase_file", &why))?;
        return LairSigning::new(url.trim(), passphrase.trim_ascii_end().to_vec())
            .map(|lair| Signing::KeystoreClient(KeystoreClient::new(lair)))
            .map_err(|error| unusable("lair_url_file", &error.to_string()));
    }
    let keys = ClientKeySigning::default();
    Ok(Signing::ClientKeys(match &config.state_dir {
        Some(directory) => keys.with_store(directory.join("credentials")),
        None => keys,
    }))
}

/// The token in a file; errors never quote it.
fn token(file: PathBuf) -> TokenFuture {
    Box::pin(async move {
        let read = tokio::task::spawn_blocking(move || named_file::token(&file));
        read.await.unwrap_or_else(|error| Err(error.to_string()))
    })
}
