//! State that the requests to a window share.

use std::path::PathBuf;

use ham_devconductor::Observer;
use ham_web::Bodies;
use holo_hash::AgentPubKey;
use serde_json::{Value, json};
use url::Url;

/// Where a developer's page comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UiSource {
    /// A directory with an `index.html`.
    Directory(PathBuf),
    /// A server on this machine, such as a bundler's, whose pages are passed on.
    Server(Url),
}

/// One window.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) source: UiSource,
    pub(super) environment: Environment,
    pub(super) observer: Observer,
    pub(super) agent: AgentPubKey,
    /// Shared by all windows.
    pub(super) bodies: Bodies,
}

/// The environment of one window. It holds a token, so its `Debug` shows nothing of it.
pub(super) struct Environment(Value);

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

impl Environment {
    pub(super) fn new(app_port: u16, app: &str, token: Vec<u8>) -> Self {
        Self(json!({ "APP_INTERFACE_PORT": app_port, "INSTALLED_APP_ID": app, "APP_INTERFACE_TOKEN": token }))
    }

    pub(super) fn json(&self) -> &Value {
        &self.0
    }
}
