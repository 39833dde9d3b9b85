//! The programs that are installed from published crates.

use std::fmt;

/// The conductor version that `ham` is written and tested against.
pub const HOLOCHAIN_VERSION: &str = "0.7.1";

/// The relay's version: that of the Kitsune2 crates inside the conductor of [`HOLOCHAIN_VERSION`].
pub const RELAY_VERSION: &str = "0.5.1";

/// A program that is found, or built once into the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tool {
    /// `holochain`, of [`HOLOCHAIN_VERSION`].
    #[default]
    Conductor,
    /// `kitsune2-bootstrap-srv`, of [`RELAY_VERSION`]: where conductors find each other, and the relay between them.
    Relay,
}

impl Tool {
    /// The binary's file name.
    #[must_use]
    pub fn binary(self) -> &'static str {
        match self {
            Self::Conductor => "holochain",
            Self::Relay => "kitsune2-bootstrap-srv",
        }
    }

    /// The crate it is built from, which is also what it calls itself when asked for its version.
    #[must_use]
    pub fn package(self) -> &'static str {
        match self {
            Self::Conductor => "holochain",
            Self::Relay => "kitsune2_bootstrap_srv",
        }
    }

    /// The one version that is used.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::Conductor => HOLOCHAIN_VERSION,
            Self::Relay => RELAY_VERSION,
        }
    }

    /// The environment variable that names the binary to use; then nothing else is looked at.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Conductor => "HAM_HOLOCHAIN_BIN",
            Self::Relay => "HAM_RELAY_BIN",
        }
    }

    /// What it is called in error texts; also its folder in the cache.
    pub(super) fn role(self) -> &'static str {
        match self {
            Self::Conductor => "conductor",
            Self::Relay => "relay",
        }
    }

    /// How long a build takes, for people.
    pub(super) fn build_time(self) -> &'static str {
        match self {
            Self::Conductor => "15 to 60 minutes",
            Self::Relay => "2 to 10 minutes",
        }
    }

    /// `opt-level`. An unoptimised conductor takes half a minute to unlock its keystore; the relay only passes bytes on.
    pub(super) fn opt_level(self) -> &'static str {
        match self {
            Self::Conductor => "3",
            Self::Relay => "0",
        }
    }
}

/// The package and its version, for instance `holochain 0.7.1`.
impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.package(), self.version())
    }
}
