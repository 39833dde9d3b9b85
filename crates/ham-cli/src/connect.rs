//! From the settings to a connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ham::{
    Admin, AppInterface, ClientKeySigning, ConnectError, Exponential, LairSigning, PersistentHam,
    PersistentHamConfig, RetryDelay, Secret, Signing, TokenFuture, conductor_session, default_retry,
};
use ham_session::{DEFAULT_CONNECT_TIMEOUT, SessionConfig, Target};
use http::{HeaderValue, header};
use url::Url;

use crate::context::Context;
use crate::directories;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::progress;
use crate::settings::{Lair, Settings};
use crate::wait::{self, Failed};

/// How long all steps of a link together may take: two dials of [`DEFAULT_CONNECT_TIMEOUT`], and requests between them.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long closing may take: the conductor's part of the close handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// The configuration of a connection to the app. Reads the passphrase; starts the conductor if ham is to start one.
pub(crate) async fn config(context: &Context) -> Result<PersistentHamConfig, Failure> {
    let settings = &with_app(context).await?;
    let mut config = match (settings.admin(), &settings.app_url, &settings.app_token_file) {
        (Some(admin), _, _) => PersistentHamConfig::new(admin.clone(), settings.app_id()?),
        (None, Some(app), Some(file)) => {
            input::tell_if_exposed(file, context.output);
            let file = file.clone();
            let within = settings.timeout;
            PersistentHamConfig::without_admin(
                app.clone(),
                move || token(file.clone(), within),
                settings.app_id()?,
            )
        }
        (None, Some(_), None) => {
            return Err(Failure::usage(
                "an app URL is set, but neither an admin interface to issue a token nor a token",
                "pass --admin-port, or name a file with a token in HAM_APP_TOKEN_FILE",
            ));
        }
        (None, None, _) => return Err(no_admin()),
    };
    if let Some(url) = &settings.app_url {
        config = config.with_app(AppInterface::Url(url.clone()));
    }
    if let Some(breaker) = settings.breaker {
        config = config.with_breaker(breaker);
    }
    Ok(config
        .with_origin(&settings.origin)
        .with_signing(signing(settings, context.output).await?)
        .with_session(session(settings)?)
        .with_retry(retry(settings))
        .with_admin_timeout(CONNECT_TIMEOUT.max(settings.timeout))
        .with_release(settings.release)
        .with_deadline(settings.timeout))
}

/// The settings of the target with an app: the named one or, if the conductor has only one, that one.
pub(crate) async fn with_app(context: &Context) -> Result<Settings, Failure> {
    let settings = context.target().await?;
    if settings.app_id().is_ok() || settings.admin().is_none() {
        return Ok(settings.clone());
    }
    let admin = &admin(settings, CONNECT_TIMEOUT.min(settings.timeout))?;
    let attempt = async || {
        let apps = admin.list_apps(None).await.map_err(|error| {
            let recovery = error.recovery();
            Failed::new(error, recovery, Failure::from)
        })?;
        // A waiting command may come as early as the conductor, whose app is still being installed.
        if apps.is_empty() { Err(Failed::for_now(no_app())) } else { Ok(apps) }
    };
    let asking = wait::connected(context, Some(settings.timeout), attempt);
    let apps = progress::during(context.output, "listing the apps", asking).await?;
    let mut ids: Vec<_> = apps.into_iter().map(|app| app.installed_app_id).collect();
    match (ids.pop(), ids.is_empty()) {
        (Some(only), true) => Ok(settings.with_app_id(only)),
        (Some(last), false) => {
            ids.push(last);
            ids.sort();
            Err(Failure::usage(
                format!("no app is named, and the conductor has several: {}", ids.join(", ")),
                "pass one with --app-id, or set HAM_APP_ID, or app_id in the configuration file",
            ))
        }
        (None, _) => Err(no_app()),
    }
}

fn no_app() -> Failure {
    Failure::usage(
        "no app is named, and the conductor has none",
        "install one with `ham app install FILE.happ`",
    )
}

/// The pauses after a lost link: ham's own, or those that are set.
pub(crate) fn retry(settings: &Settings) -> RetryDelay {
    settings.reconnect().map_or_else(default_retry, |(initial, max)| Exponential::new(initial, max).into())
}

/// The app, connected. `bound` ends the waiting of `--wait`.
pub(crate) async fn open(context: &Context, bound: Option<Duration>) -> Result<PersistentHam, Failure> {
    let config = config(context).await?;
    let doing = format!("connecting to the app `{}`", ham::masked(&config.app_id));
    // An attempt of `--wait` has its own bound, not what is left of the whole.
    let within = if context.wait { CONNECT_TIMEOUT } else { CONNECT_TIMEOUT.min(context.settings.timeout) };
    let attempt = async || {
        let attempted = tokio::time::timeout(within, PersistentHam::connect(config.clone())).await;
        attempted
            .unwrap_or_else(|_| Err(ConnectError::TimedOut { after: within, last: "dialing".into() }))
            .map_err(|error| {
                let recovery = error.recovery();
                Failed::new(error, recovery, Failure::from)
            })
    };
    progress::during(context.output, &doing, wait::connected(context, bound, attempt)).await
}

/// A client of the admin interface.
pub(crate) fn admin(settings: &Settings, timeout: Duration) -> Result<Admin, Failure> {
    let url = settings.admin().cloned().ok_or_else(no_admin)?;
    Ok(Admin::with_config(target(settings, url)?, session(settings)?, timeout).with_release(settings.release))
}

/// Where to dial, with the origin.
fn target(settings: &Settings, url: Url) -> Result<Target, Failure> {
    let origin = HeaderValue::from_str(&settings.origin).map_err(|_| {
        Failure::usage("the origin is not a valid header value", "pass another --origin (or set HAM_ORIGIN)")
    })?;
    Ok(Target::new(url).with_header(header::ORIGIN, origin))
}

fn no_admin() -> Failure {
    Failure::usage(
        "no conductor is named, and none started by ham is running here",
        "start one with `ham dev`; or pass --admin-port, or set HAM_ADMIN_PORT, or admin_port in the configuration \
         file; or pass the bundle of an app with --app FILE.happ to run it in an embedded conductor for this command",
    )
}

fn session(settings: &Settings) -> Result<SessionConfig, Failure> {
    Ok(conductor_session()
        .with_connect_timeout(DEFAULT_CONNECT_TIMEOUT.min(settings.timeout))
        .with_close_timeout(CLOSE_TIMEOUT)
        .with_tls(settings.trust.tls()?))
}

async fn signing(settings: &Settings, output: Output) -> Result<Signing, Failure> {
    let Some(Lair { url, passphrase_file }) = &settings.lair else {
        let store = credentials(settings)?;
        let keys = ClientKeySigning::default();
        return Ok(Signing::ClientKeys(match store {
            Some(store) => keys.with_store(store),
            None => keys,
        }));
    };
    input::tell_if_exposed(passphrase_file, output);
    let named = settings.values.place("lair_passphrase_file");
    let passphrase = input::secret(passphrase_file, &named, settings.timeout).await?;
    LairSigning::new(url, passphrase).map(Signing::Lair).map_err(|error| {
        Failure::new(Exit::Usage, error, "set HAM_LAIR_URL to the connectionUrl in lair-keystore-config.yaml")
    })
}

/// The credential file: the one that is set, or the default one, whose directory is created. Without it, every run
/// would write another grant to the chain, which only matters if the chain stays.
pub(crate) fn credentials(settings: &Settings) -> Result<Option<PathBuf>, Failure> {
    if settings.temporary {
        return Ok(None);
    }
    if let Some(file) = &settings.credentials {
        return Ok(Some(file.clone()));
    }
    let Some(file) = default_credentials() else { return Ok(None) };
    if let Some(directory) = file.parent() {
        private_directory(directory).map_err(|error| {
            Failure::new(
                Exit::Local,
                anyhow::Error::new(error).context(format!("cannot create {}", directory.display())),
                "name a credential file with --credentials or HAM_CREDENTIALS",
            )
        })?;
    }
    Ok(Some(file))
}

/// `$XDG_STATE_HOME/ham/credentials`, else `~/.local/state/ham/credentials`.
pub(crate) fn default_credentials() -> Option<PathBuf> {
    Some(directories::state()?.join("credentials"))
}

fn private_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The token in a file. Errors never quote it.
fn token(file: PathBuf, within: Duration) -> TokenFuture {
    Box::pin(async move {
        let text = input::secret(&file, "HAM_APP_TOKEN_FILE", within)
            .await
            .map_err(|failure| failure.causes().join(": "))?;
        let decoded = STANDARD
            .decode(text.trim_ascii())
            .map_err(|_| format!("{} is not valid base64", file.display()))?;
        Ok(Secret::new(decoded))
    })
}

/// Ends the connection in good order, within [`CLOSE_TIMEOUT`] or not.
pub(crate) async fn close(ham: &PersistentHam) {
    // The answer is already printed; it does not matter if the conductor does not say goodbye.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, ham.close()).await;
}
