//! The values, and where they come from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::compat::Compat;
use super::conductor::{App, Conductor};
use super::feed::Feed;
use super::limits::Limits;
use super::nats::Nats;
use super::outbox::OutboxLimits;
use crate::functions::Function;

/// Where it listens by default.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2661);

/// The configuration of a gateway. Secrets are named by their files.
///
/// # Defaults
/// [`DEFAULT_LISTEN`]; no operations listener, no keys, no origins, the bound address and loopback names as hosts, no TLS, no
/// apps, nothing declared about functions, no NATS; the bounds of [`Limits`], [`OutboxLimits`], [`Feed`] and [`Compat`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where clients are served.
    pub listen: SocketAddr,
    /// Where health, metrics and status are served without a key; loopback unless `operations_public`.
    pub operations_listen: Option<SocketAddr>,
    /// Whether `operations_listen` may be reached from other machines.
    pub operations_public: bool,
    /// Where the outbox and client keys are kept. Without it, the conductor's client keys are in memory and there is no outbox.
    pub state_dir: Option<PathBuf>,
    /// The file of keys.
    pub keys: Option<PathBuf>,
    /// The origins whose pages may ask, in the form that browsers use.
    pub origins: Vec<String>,
    /// The names under which the gateway answers; if empty, the bound address and loopback names.
    pub hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The certificate; without it, the gateway speaks plain HTTP.
    pub tls: Option<Tls>,
    /// The conductor of the apps.
    pub conductor: Conductor,
    /// The apps that are served.
    pub app: Vec<App>,
    /// What is declared about functions; if several match, the first one applies.
    pub function: Vec<Function>,
    /// Names of chains, and the feed's bounds.
    pub feed: Feed,
    /// The NATS server, and what goes over it.
    pub nats: Nats,
    /// Bounds and time-outs of HTTP and of calls.
    pub limits: Limits,
    /// Bounds and time-outs of the outbox.
    pub outbox: OutboxLimits,
    /// What is served in the form of other gateways.
    pub compat: Compat,
    /// For development: everybody may call everything, from this machine only. Cannot be set in a file.
    #[serde(skip)]
    pub dev: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            operations_listen: None,
            operations_public: false,
            state_dir: None,
            keys: None,
            origins: Vec::new(),
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            tls: None,
            conductor: Conductor::default(),
            app: Vec::new(),
            function: Vec::new(),
            feed: Feed::default(),
            nats: Nats::default(),
            limits: Limits::default(),
            outbox: OutboxLimits::default(),
            compat: Compat::default(),
            dev: false,
        }
    }
}

impl Config {
    /// For development: an app on a local conductor; everybody may call everything, and only from this machine.
    #[must_use]
    pub fn dev(admin_port: u16, apps: impl IntoIterator<Item = String>) -> Self {
        Self {
            dev: true,
            conductor: Conductor::local(admin_port),
            app: apps.into_iter().map(App::new).collect(),
            ..Self::default()
        }
    }

    /// Where clients are served; port 0 picks a free one.
    #[must_use]
    pub fn with_listen(self, listen: SocketAddr) -> Self {
        Self { listen, ..self }
    }

    /// The file of keys.
    #[must_use]
    pub fn with_keys(self, keys: impl Into<PathBuf>) -> Self {
        Self { keys: Some(keys.into()), ..self }
    }

    /// Where the outbox and client keys are kept.
    #[must_use]
    pub fn with_state_dir(self, directory: impl Into<PathBuf>) -> Self {
        Self { state_dir: Some(directory.into()), ..self }
    }

    /// The NATS server, and what goes over it.
    #[must_use]
    pub fn with_nats(self, nats: Nats) -> Self {
        Self { nats, ..self }
    }

    /// Bounds and time-outs of HTTP and of calls.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Bounds and time-outs of the outbox.
    #[must_use]
    pub fn with_outbox(self, outbox: OutboxLimits) -> Self {
        Self { outbox, ..self }
    }

    /// The same, after applying the environment: `STATE_DIRECTORY`, which systemd sets, unless the file names another
    /// one, and `HAM_GATEWAY_KEYS_FILE`, which precedes the file's value.
    #[must_use]
    pub fn with_environment(mut self, variable: impl Fn(&str) -> Option<PathBuf>) -> Self {
        self.state_dir = self.state_dir.or_else(|| variable("STATE_DIRECTORY"));
        self.keys = variable("HAM_GATEWAY_KEYS_FILE").or(self.keys);
        self
    }

    /// The app of this id.
    #[must_use]
    pub fn app(&self, id: &str) -> Option<&App> {
        self.app.iter().find(|app| app.id == id)
    }
}

/// The certificate and its key, PEM files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain, the server's certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}
