//! How an embedded conductor is set up.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::path::PathBuf;

use holochain_types::websocket::AllowedOrigins;

use crate::release::Release;
use crate::wasm::Limits;

/// Where data and keys are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DataDirectory {
    /// In a directory of its own that is removed when the conductor ends; keys are in memory only.
    #[default]
    Temporary,
    /// Here, across restarts. Made where it does not exist.
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
    /// Which origins may connect to the admin interface. Default: any but those of pages from elsewhere.
    pub allowed_origins: AllowedOrigins,
    /// The origins of pages from elsewhere that may connect where an interface lets in any: `https://example.org`, or `*` for all.
    /// Without them such an interface lets in names without a scheme, which no browser sends, and pages of this machine. Default:
    /// none.
    pub foreign_origins: BTreeSet<String>,
    /// How many instructions one call of a zome function may run, host functions not counted. Default: [`DEFAULT_FUEL`].
    pub fuel: NonZeroU64,
    /// How many bytes of memory one call of a zome function may use, at most 4 GiB. Default: [`DEFAULT_MEMORY`].
    pub memory: usize,
    /// Opens the keystore of a kept directory. Default: one that is made at random and kept beside it.
    pub passphrase: Option<Passphrase>,
    /// Which release of `holochain` it is to its clients. Default: [`Release::V0_7_1`].
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
            fuel: DEFAULT_FUEL,
            memory: DEFAULT_MEMORY,
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

    /// Lets only these origins connect to the admin interface.
    #[must_use]
    pub fn with_allowed_origins(mut self, origins: AllowedOrigins) -> Self {
        self.allowed_origins = origins;
        self
    }

    /// Lets pages from elsewhere connect where an interface lets in any.
    #[must_use]
    pub fn with_foreign_origins(mut self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.foreign_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// Bounds the instructions of one call.
    #[must_use]
    pub fn with_fuel(mut self, fuel: NonZeroU64) -> Self {
        self.fuel = fuel;
        self
    }

    /// Bounds the memory of one call, in bytes.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Opens the keystore of a kept directory with this passphrase.
    #[must_use]
    pub fn with_passphrase(mut self, passphrase: Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// Is this release of `holochain` to its clients. A kept directory may be opened as another release than before.
    #[must_use]
    pub fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { fuel: self.fuel.get(), memory: self.memory }
    }
}

/// Ten seconds or so of an endless loop in a release build.
pub const DEFAULT_FUEL: NonZeroU64 = NonZeroU64::new(10_000_000_000).expect("not zero");

/// 1 GiB, the static bound of the memories that `holochain` 0.7.1 makes.
pub const DEFAULT_MEMORY: usize = 1 << 30;
