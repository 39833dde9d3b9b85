//! From the configuration to a connection.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ham::{
    AppInterface, ClientKeySigning, ConnectError, LairSigning, PersistentHam, PersistentHamConfig, Secret,
    Signing, TokenFuture,
};

use crate::config::{App, Config};
use crate::error::StartError;
use crate::outbox::remember_lost;

/// Starts the connection of an app; it dials in its own task.
pub(super) async fn start(config: &Config, app: &App) -> Result<PersistentHam, StartError> {
    let connect = |error| StartError::Connect { app: app.id.clone(), source: Box::new(error) };
    let given = app.app_url.clone().zip(app.token_file.clone());
    let ham = match (&config.conductor.admin_url, given) {
        (Some(admin), None) => PersistentHamConfig::new(admin.clone(), &app.id),
        (_, Some((url, file))) => {
            PersistentHamConfig::without_admin(url, move || token(file.clone()), &app.id)
        }
        (None, None) => return Err(connect(ConnectError::NoInterface)),
    };
    let ham = match &app.app_url {
        Some(url) => ham.with_app(AppInterface::Url(url.clone())),
        None => ham,
    };
    let ham = ham.with_signing(signing(config).await?).with_on_unknown(remember_lost);
    PersistentHam::start(ham).map_err(connect)
}

async fn signing(config: &Config) -> Result<Signing, StartError> {
    let conductor = &config.conductor;
    if let (Some(url), Some(passphrase)) = (&conductor.lair_url_file, &conductor.lair_passphrase_file) {
        let text = read(url).await?;
        let passphrase = read(passphrase).await?.trim_ascii_end().to_vec();
        let url = String::from_utf8_lossy(&text).trim().to_owned();
        return LairSigning::new(&url, passphrase)
            .map(Signing::Lair)
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
