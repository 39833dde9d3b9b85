//! The conductor and the apps.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

/// Where the conductor is, and who signs.
///
/// # Defaults
/// Nowhere; client keys sign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Conductor {
    /// Its admin interface; apps that each have an `app_url` and a `token_file` do not need one.
    pub admin_url: Option<Url>,
    /// The file with the keystore's connection URL; without it, client keys sign.
    pub lair_url_file: Option<PathBuf>,
    /// The file with its passphrase.
    pub lair_passphrase_file: Option<PathBuf>,
}

impl Conductor {
    /// A conductor on this machine.
    #[must_use]
    pub fn local(admin_port: u16) -> Self {
        Self { admin_url: Url::parse(&format!("ws://localhost:{admin_port}")).ok(), ..Self::default() }
    }
}

/// An app that is served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    /// Its id.
    pub id: String,
    /// The roles that `/health/ready` asks about; if none is named, all provisioned ones.
    #[serde(default)]
    pub ready: Vec<String>,
    /// The app interface, if it cannot be found through the admin interface.
    #[serde(default)]
    pub app_url: Option<Url>,
    /// The file with a token for it, in base64; without one, the admin interface issues tokens.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// The function that lists missed blocks: `role/zome/function`.
    #[serde(default)]
    pub backfill: Option<String>,
}

impl App {
    /// An app with defaults for everything else.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ready: Vec::new(), app_url: None, token_file: None, backfill: None }
    }
}
