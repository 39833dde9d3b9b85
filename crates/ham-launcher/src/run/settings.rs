//! What a conductor is told about keys, network and disk.

use std::fmt;

/// Where a conductor's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keystore {
    /// Keys that exist only in memory: **lost at every restart**. Starts a second faster than lair.
    DangerTest,
    /// A lair keystore inside the conductor's process, below its data directory. It serves a socket too.
    Lair {
        /// The passphrase that unlocks it; the same at every start with the same data.
        passphrase: Passphrase,
    },
}

impl Keystore {
    pub(crate) fn passphrase(&self) -> Option<&Passphrase> {
        match self {
            Self::DangerTest => None,
            Self::Lair { passphrase } => Some(passphrase),
        }
    }
}

impl Default for Keystore {
    fn default() -> Self {
        Self::Lair { passphrase: Passphrase::new("ham test passphrase") }
    }
}

/// A keystore's passphrase; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl Passphrase {
    /// A passphrase, without line breaks.
    #[must_use]
    pub fn new(passphrase: impl Into<String>) -> Self {
        Self(passphrase.into())
    }

    /// The passphrase itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// How a conductor reaches others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Network {
    /// It reaches nobody: bootstrap and relay name a port where nothing listens.
    #[default]
    Offline,
    /// A private bootstrap server and relay. The conductor polls and gossips every second, many times more often than by default, so
    /// that agents meet in seconds instead of half a minute.
    Servers {
        /// The bootstrap server's URL.
        bootstrap_url: String,
        /// The relay's URL; `http` is allowed.
        relay_url: String,
    },
}

/// How careful the conductor's databases are with the disk. Holochain 0.6 calls it a strategy: `Normal` is its `Resilient`, `Off` its
/// `Fast`, which leaves source chains at `Normal`; it has no `Full`, which is [`LaunchError::NoSuchSyncLevel`](crate::LaunchError::NoSuchSyncLevel).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DbSyncLevel {
    /// Every write is on disk before it counts: survives a power cut.
    Full,
    /// The conductor's own default: survives a crash of the process.
    #[default]
    Normal,
    /// Nothing is awaited.
    Off,
}
