//! The programs that are installed from published crates.

use std::fmt;

use super::release::Release;

/// The relay's version: that of the Kitsune2 crates inside the conductor of [`HOLOCHAIN_VERSION`](crate::HOLOCHAIN_VERSION).
/// Conductors of other releases are not tested with it.
pub const RELAY_VERSION: &str = "0.5.1";

/// A program that is found, or built once into the cache.
///
/// # Default
/// The conductor of [`HOLOCHAIN_VERSION`](crate::HOLOCHAIN_VERSION).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tool {
    /// `holochain`, of this release.
    Conductor(Release),
    /// `kitsune2-bootstrap-srv`, of [`RELAY_VERSION`]: conductors find each other through it, and it relays between them.
    Relay,
}

impl Default for Tool {
    fn default() -> Self {
        Self::Conductor(Release::default())
    }
}

impl Tool {
    /// The release of a conductor.
    #[must_use]
    pub fn release(self) -> Option<Release> {
        match self {
            Self::Conductor(release) => Some(release),
            Self::Relay => None,
        }
    }

    /// The binary's file name.
    #[must_use]
    pub fn binary(self) -> &'static str {
        match self {
            Self::Conductor(_) => "holochain",
            Self::Relay => "kitsune2-bootstrap-srv",
        }
    }

    /// The crate that it is built from, which is also the name it gives when asked for its version.
    #[must_use]
    pub fn package(self) -> &'static str {
        match self {
            Self::Conductor(_) => "holochain",
            Self::Relay => "kitsune2_bootstrap_srv",
        }
    }

    /// The one version that is used.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::Conductor(release) => release.version(),
            Self::Relay => RELAY_VERSION,
        }
    }

    /// The environment variable that names the binary to use; nothing else is then looked at. If it names a conductor of another
    /// release than [`HOLOCHAIN_VERSION`](crate::HOLOCHAIN_VERSION), that is used for that release alone.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Conductor(_) => "HAM_HOLOCHAIN_BIN",
            Self::Relay => "HAM_RELAY_BIN",
        }
    }

    /// Its name in error texts; also its folder in the cache.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Conductor(_) => "conductor",
            Self::Relay => "relay",
        }
    }

    /// How long a build takes, in words for people.
    pub(crate) fn build_time(self) -> &'static str {
        match self {
            Self::Conductor(_) => "15 to 60 minutes",
            Self::Relay => "2 to 10 minutes",
        }
    }

    /// `opt-level`. An unoptimised conductor takes half a minute to unlock its keystore; the relay only passes bytes on.
    pub(crate) fn opt_level(self) -> &'static str {
        match self {
            Self::Conductor(_) => "3",
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
