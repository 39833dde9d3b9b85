//! How to start a conductor.

use std::path::PathBuf;
use std::time::Duration;

use super::boot::DEFAULT_STOP_TIMEOUT;
use super::data::{DataDirectory, MAX_DATA_PATH};
use super::logs::DEFAULT_RUST_LOG;
use super::settings::{DbSyncLevel, Keystore, Network};
use super::temporary::temporary;
use crate::error::LaunchError;
use crate::find::install::Install;
use crate::find::release::Release;
use crate::network::relay::Relay;

/// How long a conductor may take to become ready. It takes 3 s; a debug build of it on a busy machine takes a minute.
pub const DEFAULT_READY_TIMEOUT: Duration = Duration::from_secs(120);

/// The conductor's own time limit for the answer of another agent; see [`with_request_timeout`](ConductorBuilder::with_request_timeout).
pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How to start a conductor: [`Conductor::builder`](crate::Conductor::builder).
///
/// # Defaults
/// The binary of [`Install::ensure`]; temporary data; [`Keystore::Lair`] with a passphrase for tests; [`Network::Offline`]; other
/// agents answer within [`DEFAULT_REQUEST_TIMEOUT`]; an admin port chosen by the system, open to every `Origin`; `RUST_LOG` is
/// [`DEFAULT_RUST_LOG`]; ready within [`DEFAULT_READY_TIMEOUT`]; stopped within [`DEFAULT_STOP_TIMEOUT`].
#[derive(Debug, Clone)]
pub struct ConductorBuilder {
    pub(crate) install: Option<Install>,
    pub(crate) release: Release,
    pub(crate) data: Option<PathBuf>,
    pub(crate) keystore: Keystore,
    pub(crate) network: Network,
    pub(crate) request_timeout: Duration,
    pub(crate) db_sync_level: DbSyncLevel,
    pub(crate) admin_port: u16,
    pub(crate) admin_origins: String,
    pub(crate) rust_log: String,
    pub(crate) ready_timeout: Duration,
    pub(crate) stop_timeout: Duration,
}

impl Default for ConductorBuilder {
    fn default() -> Self {
        Self {
            install: None,
            release: Release::default(),
            data: None,
            keystore: Keystore::default(),
            network: Network::default(),
            request_timeout: DEFAULT_REQUEST_TIMEOUT,
            db_sync_level: DbSyncLevel::default(),
            admin_port: 0,
            admin_origins: "*".to_owned(),
            rust_log: DEFAULT_RUST_LOG.to_owned(),
            ready_timeout: DEFAULT_READY_TIMEOUT,
            stop_timeout: DEFAULT_STOP_TIMEOUT,
        }
    }
}

impl ConductorBuilder {
    /// Runs the conductor of this release, that of [`Install::ensure_release`]. Default: that of [`Install::ensure`].
    #[must_use]
    pub fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// The release set by [`with_release`](Self::with_release).
    #[must_use]
    pub fn release(&self) -> Release {
        self.release
    }

    /// Runs this binary instead of looking for one, whatever [`with_release`](Self::with_release) says.
    #[must_use]
    pub fn with_install(mut self, install: Install) -> Self {
        self.install = Some(install);
        self
    }

    /// Keeps the data in this directory (created if missing, not removed afterwards). Its path may have at most [`MAX_DATA_PATH`] bytes.
    #[must_use]
    pub fn with_data(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data = Some(directory.into());
        self
    }

    /// Where to keep the keys. Default: [`Keystore::Lair`].
    #[must_use]
    pub fn with_keystore(mut self, keystore: Keystore) -> Self {
        self.keystore = keystore;
        self
    }

    /// How to reach others. Default: [`Network::Offline`].
    #[must_use]
    pub fn with_network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Meets the other conductors of this relay, which must outlive the conductor for new agents to be found: short for
    /// [`with_network`](Self::with_network).
    #[must_use]
    pub fn with_relay(self, relay: &Relay) -> Self {
        self.with_network(Network::Servers { bootstrap_url: relay.url(), relay_url: relay.url() })
    }

    /// Makes the conductor wait this long for the answer of another agent, in whole seconds, at least one. It gives up sending each
    /// message after half of that. Default: [`DEFAULT_REQUEST_TIMEOUT`].
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How to treat the disk; [`LaunchError::NoSuchSyncLevel`] at the start if the release has no such level. Default: [`DbSyncLevel::Normal`].
    #[must_use]
    pub fn with_db_sync_level(mut self, level: DbSyncLevel) -> Self {
        self.db_sync_level = level;
        self
    }

    /// Opens the admin interface on this port. Default: 0, which means a free one.
    #[must_use]
    pub fn with_admin_port(mut self, port: u16) -> Self {
        self.admin_port = port;
        self
    }

    /// Allows only these `Origin`s (comma-separated) to use the admin interface; the launcher's own is `ham-launcher`, and must be
    /// among them for the methods that ask the conductor something. Default: `*`.
    #[must_use]
    pub fn with_admin_origins(mut self, origins: impl Into<String>) -> Self {
        self.admin_origins = origins.into();
        self
    }

    /// Sets the conductor's `RUST_LOG`. Default: [`DEFAULT_RUST_LOG`].
    #[must_use]
    pub fn with_rust_log(mut self, filter: impl Into<String>) -> Self {
        self.rust_log = filter.into();
        self
    }

    /// Abandons a start after this time. Default: [`DEFAULT_READY_TIMEOUT`].
    #[must_use]
    pub fn with_ready_timeout(mut self, timeout: Duration) -> Self {
        self.ready_timeout = timeout;
        self
    }

    /// Kills a conductor that has not stopped cleanly after this time. Default: [`DEFAULT_STOP_TIMEOUT`].
    #[must_use]
    pub fn with_stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    pub(super) fn data_directory(&self) -> Result<DataDirectory, LaunchError> {
        let directory = match &self.data {
            Some(path) => {
                let failed = |source| LaunchError::Data { path: path.clone(), source };
                std::fs::create_dir_all(path).map_err(failed)?;
                DataDirectory::Kept(path.canonicalize().map_err(failed)?)
            }
            None => temporary()?,
        };
        let length = directory.path().as_os_str().len();
        if length > MAX_DATA_PATH {
            return Err(LaunchError::DataPathTooLong { path: directory.path().to_owned(), length });
        }
        Ok(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults() {
        let builder = ConductorBuilder::default();
        assert_eq!(builder.ready_timeout, DEFAULT_READY_TIMEOUT);
        assert_eq!(builder.stop_timeout, DEFAULT_STOP_TIMEOUT);
        assert_eq!((builder.admin_port, builder.rust_log.as_str()), (0, DEFAULT_RUST_LOG));
        assert!(matches!(builder.keystore, Keystore::Lair { .. }));
        assert!(builder.data_directory().is_ok_and(|data| data.path().is_dir()));
    }

    #[test]
    fn a_long_data_path_is_refused_before_anything_starts() {
        let directory = tempfile::tempdir().unwrap();
        let long = directory.path().join("x".repeat(MAX_DATA_PATH));
        let refused = ConductorBuilder::default().with_data(long).data_directory().unwrap_err();
        assert!(matches!(refused, LaunchError::DataPathTooLong { length, .. } if length > MAX_DATA_PATH));
    }
}
