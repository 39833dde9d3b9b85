//! The releases of Holochain that the launcher knows, and what differs between them.

use std::fmt;
use std::str::FromStr;

use crate::run::settings::DbSyncLevel;

/// The conductor version that is used if no release is named.
pub const HOLOCHAIN_VERSION: &str = "0.7.1";

/// A release of Holochain whose conductor the launcher can find and start.
///
/// `Display` gives the exact version. `FromStr` reads that, and the short form of a release that has one: `0.6` and `0.8`.
///
/// # Default
/// [`HOLOCHAIN_VERSION`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// 0.6.3, 0.6 for short.
    V0_6_3,
    /// 0.7.0.
    V0_7_0,
    /// 0.7.1.
    #[default]
    V0_7_1,
    /// 0.8.0-dev.14, 0.8 for short.
    V0_8_0Dev14,
}

/// What differs between releases, as far as the launcher is concerned.
#[derive(Debug)]
struct ReleaseInfo {
    version: &'static str,
    short: Option<&'static str>,
    /// Whether the configuration must name a signal server.
    signal_url: bool,
    /// The configuration's key for how careful the databases are with the disk.
    sync_key: &'static str,
    /// Its values for [`DbSyncLevel::Full`], `Normal` and `Off`; `None` if the release has no such level.
    sync_values: [Option<&'static str>; 3],
    /// The folder of `happ/bundle` with the bundles for it.
    bundles: &'static str,
}

const LEVELS: [Option<&str>; 3] = [Some("Full"), Some("Normal"), Some("Off")];

const V0_6_3: ReleaseInfo = ReleaseInfo {
    version: "0.6.3",
    short: Some("0.6"),
    signal_url: true,
    sync_key: "db_sync_strategy",
    sync_values: [None, Some("Resilient"), Some("Fast")],
    bundles: "0.6",
};

const V0_7_0: ReleaseInfo = ReleaseInfo {
    version: "0.7.0",
    short: None,
    signal_url: false,
    sync_key: "db_sync_level",
    sync_values: LEVELS,
    bundles: "0.7.0",
};

const V0_7_1: ReleaseInfo = ReleaseInfo { version: HOLOCHAIN_VERSION, bundles: "", ..V0_7_0 };

const V0_8_0_DEV_14: ReleaseInfo = ReleaseInfo { version: "0.8.0-dev.14", short: Some("0.8"), ..V0_7_1 };

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V0_6_3, Self::V0_7_0, Self::V0_7_1, Self::V0_8_0Dev14];

    fn info(self) -> &'static ReleaseInfo {
        match self {
            Self::V0_6_3 => &V0_6_3,
            Self::V0_7_0 => &V0_7_0,
            Self::V0_7_1 => &V0_7_1,
            Self::V0_8_0Dev14 => &V0_8_0_DEV_14,
        }
    }

    /// The exact version, for instance `0.8.0-dev.14`.
    #[must_use]
    pub fn version(self) -> &'static str {
        self.info().version
    }

    /// The short form, for instance `0.8`, if there is one.
    #[must_use]
    pub fn short(self) -> Option<&'static str> {
        self.info().short
    }

    /// Whether the configuration must name a signal server.
    pub(crate) fn has_signal_url(self) -> bool {
        self.info().signal_url
    }

    /// The line of the configuration that sets this level, as key and value; `None` if the release cannot.
    pub(crate) fn db_sync(self, level: DbSyncLevel) -> Option<(&'static str, &'static str)> {
        let info = self.info();
        let [full, normal, off] = info.sync_values;
        let value = match level {
            DbSyncLevel::Full => full,
            DbSyncLevel::Normal => normal,
            DbSyncLevel::Off => off,
        };
        value.map(|value| (info.sync_key, value))
    }

    /// The folder of `happ/bundle` with the bundles for it; empty for `happ/bundle` itself.
    pub(crate) fn bundles(self) -> &'static str {
        self.info().bundles
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.version())
    }
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let named = |release: &Self| release.version() == text || release.short() == Some(text);
        Self::ALL.into_iter().find(named).ok_or_else(|| UnknownRelease { text: text.to_owned() })
    }
}

/// A text that names no release that the launcher knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a release that the launcher knows; it knows {}", known())]
#[non_exhaustive]
pub struct UnknownRelease {
    /// The text.
    pub text: String,
}

fn known() -> String {
    let one = |release: Release| match release.short() {
        Some(short) => format!("{release} (or {short})"),
        None => release.to_string(),
    };
    Release::ALL.map(one).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_by_its_version_or_its_short_form() {
        for release in Release::ALL {
            assert_eq!(release.to_string().parse(), Ok(release));
        }
        assert_eq!("0.6".parse(), Ok(Release::V0_6_3));
        assert_eq!("0.8".parse(), Ok(Release::V0_8_0Dev14));
        for other in ["", "0.7", "0.6.2", "v0.7.1", "0.7.1 ", "latest"] {
            let unknown = other.parse::<Release>().unwrap_err().to_string();
            assert!(unknown.starts_with(&format!("{other:?} is not a release")), "{unknown}");
            assert!(
                unknown.ends_with("0.6.3 (or 0.6), 0.7.0, 0.7.1, 0.8.0-dev.14 (or 0.8)"),
                "what is known is listed: {unknown}"
            );
        }
    }

    #[test]
    fn the_default_is_the_version_that_ham_is_written_for() {
        assert_eq!(Release::default().version(), HOLOCHAIN_VERSION);
        assert!(Release::ALL.is_sorted());
    }

    #[test]
    fn what_a_release_cannot_say_about_the_disk_it_does_not_say() {
        assert_eq!(Release::V0_6_3.db_sync(DbSyncLevel::Full), None);
        assert_eq!(Release::V0_6_3.db_sync(DbSyncLevel::Normal), Some(("db_sync_strategy", "Resilient")));
        assert_eq!(Release::V0_6_3.db_sync(DbSyncLevel::Off), Some(("db_sync_strategy", "Fast")));
        for later in [Release::V0_7_0, Release::V0_7_1, Release::V0_8_0Dev14] {
            assert_eq!(later.db_sync(DbSyncLevel::Full), Some(("db_sync_level", "Full")));
            assert_eq!(later.db_sync(DbSyncLevel::Off), Some(("db_sync_level", "Off")));
        }
    }
}
