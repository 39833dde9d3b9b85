//! How an embedded conductor is set up.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use holochain_types::websocket::AllowedOrigins;

use crate::limits::Limits;
use crate::release::Release;

/// Where data and keys are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DataDirectory {
    /// In a directory of its own that is removed when the conductor ends; keys are in memory only.
    #[default]
    Temporary,
    /// Here, across restarts. Created if it does not exist.
    Kept(PathBuf),
}

/// How an embedded conductor is set up. The default is a temporary one on a free port.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where data and keys are kept. Default: [`Temporary`](DataDirectory::Temporary).
    pub data: DataDirectory,
    /// The port of the admin interface on the loopback addresses, 0 for a free one. Default: 0.
    pub admin_port: u16,
    /// Which origins may connect to the admin interface. Default: any except those of pages from elsewhere.
    pub allowed_origins: AllowedOrigins,
    /// The origins of pages from elsewhere that may connect to an interface that allows any: `https://example.org`, or `*` for all.
    /// Without them such an interface admits names without a scheme, which no browser sends, and pages of this machine. Default:
    /// none.
    pub foreign_origins: BTreeSet<String>,
    /// What a call may use up, together with everything that it starts.
    pub limits: Limits,
    /// How many bytes the incomplete messages of all clients may have; the first 64 KiB of each do not count. A client whose message
    /// meets the bound is disconnected, with a reason that names it. Default: [`DEFAULT_INCOMING_BYTES`].
    pub incoming_bytes: u64,
    /// How long a client's message may take from its beginning until it is complete. After that the client is disconnected, with a
    /// reason that names the bound. Default: [`DEFAULT_MESSAGE_TIME`].
    pub message_time: Duration,
    /// Connections to one interface at a time. If there are more, the oldest one whose client is not known yet is closed: a client
    /// that has not completed the handshake or, with an app, has not shown its token. If all are known, the new connection is closed.
    /// Default: [`DEFAULT_CONNECTIONS`].
    pub connections: NonZeroUsize,
    /// Opens the keystore of a kept directory. Default: one generated at random and kept beside it.
    pub passphrase: Option<Passphrase>,
    /// Which release of `holochain` it appears as to its clients. Default: [`Release::V0_7_1`].
    pub release: Release,
}

/// A passphrase. No error, log or `Debug` output shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(pub(crate) Vec<u8>);

impl Passphrase {
    /// Any bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: DataDirectory::default(),
            admin_port: 0,
            allowed_origins: AllowedOrigins::Any,
            foreign_origins: BTreeSet::new(),
            limits: Limits::default(),
            incoming_bytes: DEFAULT_INCOMING_BYTES,
            message_time: DEFAULT_MESSAGE_TIME,
            connections: DEFAULT_CONNECTIONS,
            passphrase: None,
            release: Release::default(),
        }
    }
}

impl Config {
    /// Keeps data and keys in this directory.
    #[must_use]
    pub fn with_data(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data = DataDirectory::Kept(directory.into());
        self
    }

    /// Serves the admin interface on this port.
    #[must_use]
    pub fn with_admin_port(mut self, port: u16) -> Self {
        self.admin_port = port;
        self
    }

    /// Allows only these origins to connect to the admin interface.
    #[must_use]
    pub fn with_allowed_origins(mut self, origins: AllowedOrigins) -> Self {
        self.allowed_origins = origins;
        self
    }

    /// Allows pages from elsewhere to connect to an interface that allows any.
    #[must_use]
    pub fn with_foreign_origins(mut self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.foreign_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// Bounds what a call may use up.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Bounds the bytes of incomplete messages, over all clients.
    #[must_use]
    pub fn with_incoming_bytes(mut self, bytes: u64) -> Self {
        self.incoming_bytes = bytes;
        self
    }

    /// Bounds how long a message may take to arrive.
    #[must_use]
    pub fn with_message_time(mut self, time: Duration) -> Self {
        self.message_time = time;
        self
    }

    /// Bounds the connections to each interface.
    #[must_use]
    pub fn with_connections(mut self, most: NonZeroUsize) -> Self {
        self.connections = most;
        self
    }

    /// Opens the keystore of a kept directory with this passphrase.
    #[must_use]
    pub fn with_passphrase(mut self, passphrase: Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// Appears as this release of `holochain` to its clients. A kept directory may be opened as another release than before.
    #[must_use]
    pub fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }
}

/// 256 MiB: four of the largest messages (64 MiB).
pub const DEFAULT_INCOMING_BYTES: u64 = 256 << 20;

/// A minute: the largest message at one MiB a second.
pub const DEFAULT_MESSAGE_TIME: Duration = Duration::from_secs(60);

/// As many as `holochain` 0.7.1 accepts.
pub const DEFAULT_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(400).expect("not zero");
