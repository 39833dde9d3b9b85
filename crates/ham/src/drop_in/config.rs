//! How to connect a [`Ham`](crate::Ham).

use std::path::Path;
use std::time::Duration;

use super::policy::{CapGrantOptIn, LairCredentials, SigningPolicy, SigningRefused};
use crate::config::{AppInterface, PersistentHamConfig};
use crate::events;
use crate::signing::{ClientKeySigning, LairSigning, Signing, lair_from_node};

/// Default of [`HamConfig::request_timeout_secs`], in seconds.
pub const DEFAULT_REQUEST_TIMEOUT_SECS: u64 = 120;

/// How to connect a [`Ham`](crate::Ham). The fields are plain because users build it field by field.
///
/// # Defaults
/// - `request_timeout_secs`: [`DEFAULT_REQUEST_TIMEOUT_SECS`]
/// - `force_fresh_attach`: false
/// - `lair`: none, so calls are signed with ham's own key
/// - `allow_cap_grant_signing`: true, because the usage example connects without a keystore; applying a [`SigningPolicy`] overrides it
#[derive(Clone, Debug)]
pub struct HamConfig {
    /// The conductor's admin port, on this machine.
    pub admin_port: u16,
    /// The app port to attach if no listed interface fits.
    pub app_port: u16,
    /// The installed app id.
    pub app_id: String,
    /// How long a call may take, in seconds; any number, and `u64::MAX` for effectively no bound. Also bounds each step of connecting
    /// that asks the app interface or the keystore, or that requests a grant.
    pub request_timeout_secs: u64,
    /// Always attach, never reuse a listed interface.
    pub force_fresh_attach: bool,
    /// The keystore that signs; without one, ham signs with a key of its own, which costs one capability grant.
    pub lair: Option<LairSigning>,
    /// Whether that grant may be written. If not, connecting without a keystore is refused.
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

    /// How long a call may take, in seconds; see [`request_timeout_secs`](Self::request_timeout_secs).
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

    /// Signs in the keystore that a node's own files name, if they name one; otherwise warns and changes nothing.
    #[must_use]
    pub fn try_lair_signing_from_node(self, conductor_config: &Path, passphrase_file: &Path) -> Self {
        match lair_from_node(conductor_config, passphrase_file) {
            Ok(lair) => Self { lair: Some(lair), ..self },
            Err(error) => {
                tracing::warn!(
                    event = events::LAIR_DISCOVERY_FAILED,
                    conductor_config = %conductor_config.display(),
                    passphrase_file = %passphrase_file.display(),
                    %error,
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

    /// The same as a configuration of the persistent connection.
    pub(super) fn persistent(&self) -> PersistentHamConfig {
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

impl SigningPolicy {
    /// The policy that a configuration expresses, whether a policy wrote it or its fields were set one by one.
    pub(crate) fn of(config: &HamConfig) -> Result<Self, SigningRefused> {
        let lair = config.lair.clone();
        match (&lair, config.allow_cap_grant_signing) {
            (None, false) => Err(SigningRefused { app_id: Some(config.app_id.clone()) }),
            (Some(_), _) | (None, true) => Ok(Self { lair }),
        }
    }

    /// Writes the decision into a configuration, replacing whatever it says about signing: the keystore and no grant, or no keystore and a grant.
    #[must_use]
    pub fn apply(&self, mut config: HamConfig) -> HamConfig {
        config.lair.clone_from(&self.lair);
        config.allow_cap_grant_signing = self.lair.is_none();
        config
    }
}
