//! The releases of `holochain` that an embedded conductor can appear as to its clients.

use std::fmt;
use std::str::FromStr;

/// A release of `holochain`, in terms of what its interfaces say: requests, answers, signals, error texts. Zomes are always those of HDK 0.7.1.
///
/// # Defaults
/// [`V0_7_1`](Self::V0_7_1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Release {
    /// 0.6.1 to 0.6.3, which behave alike. Written `0.6`.
    V0_6,
    /// Written `0.7.0`.
    V0_7_0,
    /// Written `0.7.1`.
    #[default]
    V0_7_1,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V0_6, Self::V0_7_0, Self::V0_7_1];

    /// The names it can be given: first the one it is written with, then the releases that behave like it.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::V0_6 => &["0.6", "0.6.1", "0.6.2", "0.6.3"],
            Self::V0_7_0 => &["0.7.0"],
            Self::V0_7_1 => &["0.7.1"],
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names().first().unwrap_or(&""))
    }
}

/// The text does not name a [`Release`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an embedded conductor speaks only as 0.6, 0.7.0 or 0.7.1")]
pub struct UnknownRelease;

impl FromStr for Release {
    type Err = UnknownRelease;

    /// # Errors
    /// [`UnknownRelease`].
    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        Self::ALL.into_iter().find(|release| release.names().contains(&text)).ok_or(UnknownRelease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_as_it_is_written() {
        for release in Release::ALL {
            assert_eq!(release.to_string().parse(), Ok(release));
        }
        assert_eq!("0.6.3".parse(), Ok(Release::V0_6));
        for other in ["", "0.7", "0.8", "0.6.0", "v0.7.0", " 0.6"] {
            assert_eq!(other.parse::<Release>(), Err(UnknownRelease), "{other}");
        }
        assert_eq!(Release::default().to_string(), "0.7.1");
    }
}
