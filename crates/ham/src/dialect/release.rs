//! A release of Holochain, as far as a client can tell releases apart.

use std::fmt;
use std::str::FromStr;

/// The environment variable that names the release, for conductors whose release ham cannot find.
pub const RELEASE_VARIABLE: &str = "HAM_HOLOCHAIN_RELEASE";

/// A release of Holochain: what its conductors read and write. Later releases are greater.
///
/// Conductors do not say which version they are, so ham finds it out with at most two requests that change nothing, when something on
/// a link first needs it. A release later than all of these answers as [`V0_8`](Self::V0_8) does and is treated as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// 0.6.1 to 0.6.3.
    V0_6,
    /// 0.7.0.
    V0_7_0,
    /// 0.7.1.
    V0_7_1,
    /// The development releases of 0.8 (measured: 0.8.0-dev.14), and whatever comes after them.
    V0_8,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V0_6, Self::V0_7_0, Self::V0_7_1, Self::V0_8];

    /// What [`RELEASE_VARIABLE`] names; `None` if it is unset or empty.
    ///
    /// # Errors
    /// [`UnknownRelease`] when it names no release that ham speaks.
    pub fn from_env() -> Result<Option<Self>, UnknownRelease> {
        match std::env::var(RELEASE_VARIABLE) {
            Ok(text) if text.trim().is_empty() => Ok(None),
            Ok(text) => text.parse().map(Some),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(text)) => Err(UnknownRelease(text.to_string_lossy().into())),
        }
    }

    /// Its name: the shortest form that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V0_6 => "0.6",
            Self::V0_7_0 => "0.7.0",
            Self::V0_7_1 => "0.7.1",
            Self::V0_8 => "0.8-dev",
        }
    }
}

/// The release's name; the latest one says that it stands for later ones too.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V0_8 => f.pad("0.8-dev or later"),
            release => f.pad(release.name()),
        }
    }
}

/// A text that names no release of Holochain that ham speaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ham does not speak Holochain `{0}`: the releases are 0.6, 0.7.0, 0.7.1 and 0.8-dev")]
pub struct UnknownRelease(String);

/// Reads the names and the full versions: `0.6`, `0.6.3`, `0.7.0`, `0.7.1`, `0.8-dev`, `0.8`, `0.8.0-dev.14`.
impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let text = text.trim();
        match text {
            "0.6" | "0.6.1" | "0.6.2" | "0.6.3" => Ok(Self::V0_6),
            "0.7.0" => Ok(Self::V0_7_0),
            "0.7.1" => Ok(Self::V0_7_1),
            "0.8" | "0.8-dev" => Ok(Self::V0_8),
            other if other.starts_with("0.8.") => Ok(Self::V0_8),
            other => Err(UnknownRelease(other.chars().take(32).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_is_read_as_it_is_named() {
        for release in Release::ALL {
            assert_eq!(release.name().parse(), Ok(release));
        }
        for (text, release) in
            [("0.6.3", Release::V0_6), (" 0.7.1\n", Release::V0_7_1), ("0.8.0-dev.14", Release::V0_8)]
        {
            assert_eq!(text.parse(), Ok(release), "{text}");
        }
        assert!(Release::ALL.is_sorted());
    }

    #[test]
    fn an_unknown_release_is_refused_with_the_known_ones() {
        for text in ["", "0.5", "0.7", "0.7.2", "latest"] {
            let error = text.parse::<Release>().unwrap_err().to_string();
            assert!(error.contains("0.6, 0.7.0, 0.7.1 and 0.8-dev"), "{error}");
        }
    }
}
