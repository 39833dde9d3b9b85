//! [`Ham`]: connect once, call, ping; the API that services use today.

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use ham_session::LinkEnd;
use holochain_client::{AppInfo, CellId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{CallOptions, CallPolicy};
use crate::cell;
use crate::config::{AppInterface, PersistentHamConfig};
use crate::error::CallError;
use crate::events;
use crate::persistent::PersistentHam;
use crate::policy::{SigningPolicy, SigningRefused};
use crate::signing::{ClientKeySigning, Signing, lair_from_node};

pub use crate::policy::{CapGrantOptIn, LairCredentials};
pub use crate::signing::LairSigning;

/// Default of [`HamConfig::request_timeout_secs`], in seconds.
pub const DEFAULT_REQUEST_TIMEOUT_SECS: u64 = 120;

/// How to connect a [`Ham`]. Plain fields, as its users build it.
///
/// # Defaults
/// - `request_timeout_secs`: [`DEFAULT_REQUEST_TIMEOUT_SECS`]
/// - `force_fresh_attach`: false
/// - `lair`: none, so calls are signed with a key of ham's own
/// - `allow_cap_grant_signing`: true, because the usage example connects without a keystore
#[derive(Clone, Debug)]
pub struct HamConfig {
    /// The conductor's admin port, on this machine.
    pub admin_port: u16,
    /// The app port to attach where no listed interface fits.
    pub app_port: u16,
    /// The installed app id.
    pub app_id: String,
    /// How long a call may take, in seconds.
    pub request_timeout_secs: u64,
    /// Always attach, never reuse a listed interface.
    pub force_fresh_attach: bool,
    /// The keystore that signs; without one, a key of ham's own that costs one capability grant.
    pub lair: Option<LairSigning>,
    /// Whether that grant may be written. Withheld, connecting without a keystore is refused.
    pub allow_cap_grant_signing: bool,
}

impl HamConfig {
    /// The app `app_id` on a conductor of this machine.
    pub fn new(admin_port: u16, app_port: u16, app_id: impl Into<String>) -> Self {
        Self {
            admin_port,
            app_port,
            app_id: app_id.into(),
            request_timeout_secs: DEFAULT_REQUEST_TIMEOUT_SECS,
            force_fresh_attach: false,
            lair: None,
            allow_cap_grant_signing: true,
        }
    }

    /// How long a call may take, in seconds.
    #[must_use]
    pub fn with_request_timeout_secs(mut self, secs: u64) -> Self {
        self.request_timeout_secs = secs;
        self
    }

    /// Always attach, never reuse a listed interface.
    #[must_use]
    pub fn with_force_fresh_attach(mut self, force: bool) -> Self {
        self.force_fresh_attach = force;
        self
    }

    /// Signs in the keystore at `connection_url`.
    ///
    /// # Errors
    /// When the URL does not parse.
    pub fn with_lair_signing(mut self, connection_url: &str, passphrase: Vec<u8>) -> anyhow::Result<Self> {
        self.lair = Some(LairSigning::new(connection_url, passphrase)?);
        Ok(self)
    }

    /// Signs in the keystore that a node's own files name.
    ///
    /// # Errors
    /// Why the files name none.
    pub fn with_lair_signing_from_node(
        mut self,
        conductor_config: &Path,
        passphrase_file: &Path,
    ) -> anyhow::Result<Self> {
        self.lair = Some(lair_from_node(conductor_config, passphrase_file)?);
        Ok(self)
    }

    /// Signs in the keystore that a node's own files name, if they do; warns and changes nothing otherwise.
    #[must_use]
    pub fn try_lair_signing_from_node(self, conductor_config: &Path, passphrase_file: &Path) -> Self {
        match lair_from_node(conductor_config, passphrase_file) {
            Ok(lair) => Self { lair: Some(lair), ..self },
            Err(error) => {
                tracing::warn!(
                    event = events::LAIR_DISCOVERY_FAILED,
                    conductor_config = %conductor_config.display(),
                    passphrase_file = %passphrase_file.display(),
                    error = format!("{error:#}"),
                );
                self
            }
        }
    }

    /// Signs as [`SigningPolicy::resolve`] decides.
    ///
    /// # Errors
    /// As [`SigningPolicy::resolve`].
    pub fn with_signing(self, credentials: LairCredentials, opt_in: CapGrantOptIn) -> anyhow::Result<Self> {
        Ok(SigningPolicy::resolve(credentials, opt_in)?.apply(self))
    }

    /// Allows the capability grant that signing without a keystore costs.
    #[must_use]
    pub fn allow_cap_grant_signing(mut self) -> Self {
        self.allow_cap_grant_signing = true;
        self
    }

    /// The same in the terms of the persistent connection.
    fn persistent(&self) -> PersistentHamConfig {
        let signing = match &self.lair {
            Some(lair) => Signing::Lair(lair.clone()),
            None => Signing::ClientKeys(ClientKeySigning::default()),
        };
        let app = AppInterface::Discover {
            attach_port: self.app_port,
            force_fresh: self.force_fresh_attach,
            bound_to_app: false,
        };
        PersistentHamConfig::local(self.admin_port, self.app_id.clone())
            .with_app(app)
            .with_signing(signing)
            .with_deadline(Duration::from_secs(self.request_timeout_secs))
    }
}

/// A connection to an app, made once: when it is lost, every call says so, and the owner makes a new one.
/// [`PersistentHam`] is the one that stays up.
///
/// Dropping it, or replacing it by assignment, closes the socket.
#[derive(Debug)]
pub struct Ham {
    connection: PersistentHam,
    cell_id: CellId,
}

impl Ham {
    /// Connects to the app: admin interface, app interface, token, socket, app info, signing.
    ///
    /// # Errors
    /// Which step failed and why, for people; [`is_connection_error`](crate::is_connection_error) and
    /// [`is_signing_refusal`](crate::is_signing_refusal) for programs.
    ///
    /// # Cancel safety
    /// Cancel-safe, but a grant that was under way may have been written; it is found and used by the next connect.
    pub async fn connect(cfg: HamConfig) -> anyhow::Result<Self> {
        tracing::info!(
            event = events::CONNECTING,
            admin_port = cfg.admin_port,
            app_port = cfg.app_port,
            app_id = cfg.app_id,
            request_timeout_secs = cfg.request_timeout_secs,
        );
        match (&cfg.lair, cfg.allow_cap_grant_signing) {
            (None, false) => {
                tracing::error!(event = events::CONNECT_REFUSED, "no keystore, and no grant is permitted");
                return Err(SigningRefused.into());
            }
            (Some(_), true) => tracing::debug!(event = events::CAP_GRANT_UNUSED),
            (Some(_), false) | (None, true) => {}
        }
        let connection =
            PersistentHam::connect(cfg.persistent()).await.context("Failed to connect to the conductor")?;
        // Once means once.
        connection.connect_once();
        let info = connection.app_info().await.context("Failed to get app info")?;
        let cell_id = cell::first(&info).context("No cells found in app")?;
        connection.authorize(&cell_id).await.context("Failed to authorize signing credentials")?;
        tracing::info!(event = events::CONNECTED, signing = connection.signing());
        Ok(Self { connection, cell_id })
    }

    /// Calls a zome function. A call that fails is never run again.
    ///
    /// # Errors
    /// A [`CallError`] below the context: `error.downcast_ref::<CallError>()` has its
    /// [`outcome`](CallError::outcome).
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; the call may still run.
    pub async fn call_zome<I, R>(
        &self,
        role_name: &str,
        zome_name: &str,
        fn_name: &str,
        payload: I,
    ) -> anyhow::Result<R>
    where
        I: Serialize + Debug,
        R: DeserializeOwned,
    {
        let options = CallOptions::default().with_policy(CallPolicy::FailFast);
        let answer = self.connection.call_zome_with(role_name, zome_name, fn_name, payload, options).await;
        self.told(answer).context("Failed to call zome")
    }

    /// A round trip to the conductor.
    ///
    /// # Errors
    /// As [`call_zome`](Self::call_zome).
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn ping(&self) -> anyhow::Result<()> {
        let answer = self.connection.ping().await;
        self.told(answer).map(|_| ()).context("Failed to probe app_info")
    }

    /// The app as the conductor describes it now.
    ///
    /// # Errors
    /// As [`call_zome`](Self::call_zome).
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn app_info(&self) -> anyhow::Result<Option<AppInfo>> {
        let answer = self.connection.app_info().await;
        self.told(answer).map(Some).context("Failed to get app info")
    }

    /// The first provisioned cell of the app.
    pub fn cell_id(&self) -> &CellId {
        &self.cell_id
    }

    /// For a connection that is made once, a closed one is a lost one.
    fn told<T>(&self, answer: Result<T, CallError>) -> Result<T, CallError> {
        answer.map_err(|error| match error {
            CallError::Closed { sent } => {
                let end = self.connection.causes().pop().map(|lost| lost.cause);
                CallError::LinkLost { end: end.unwrap_or_else(|| LinkEnd::ClosedHere.into()), sent }
            }
            other => other,
        })
    }
}
