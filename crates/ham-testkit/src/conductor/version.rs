//! Which conductor this project is written for, and what a binary says of itself.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::error::InstallError;

/// The conductor version that `ham` is written and tested against.
pub const HOLOCHAIN_VERSION: &str = "0.7.1";

/// A binary that has not told its version after this is not a conductor.
const VERSION_TIMEOUT: Duration = Duration::from_secs(30);

/// What `holochain --version` printed after the name, for instance `0.7.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Reads the output of `holochain --version`; `None` when it is not one.
    #[must_use]
    pub fn parse(output: &str) -> Option<Self> {
        let mut words = output.split_whitespace();
        let version = words.next().filter(|name| *name == "holochain").and_then(|_| words.next())?;
        version.starts_with(|first: char| first.is_ascii_digit()).then(|| Self(version.to_owned()))
    }

    /// Whether it is [`HOLOCHAIN_VERSION`].
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.0 == HOLOCHAIN_VERSION
    }

    /// Runs `binary --version`.
    pub(super) async fn of(binary: &Path) -> Result<Self, InstallError> {
        let not_runnable =
            |source: std::io::Error| InstallError::NotRunnable { path: binary.to_owned(), source };
        let run = Command::new(binary).arg("--version").kill_on_drop(true).output();
        let output = tokio::time::timeout(VERSION_TIMEOUT, run).await;
        let output = output.map_err(|elapsed| not_runnable(elapsed.into()))?.map_err(not_runnable)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Self::parse(&text).ok_or_else(|| InstallError::WrongVersion {
            path: binary.to_owned(),
            found: text.lines().next().unwrap_or("nothing").chars().take(80).collect(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_conductors_own_answer_is_a_version() {
        assert!(Version::parse("holochain 0.7.1\n").is_some_and(|version| version.is_wanted()));
        assert!(Version::parse("holochain 0.7.1-rc.2").is_some_and(|version| !version.is_wanted()));
        assert!(Version::parse("holochain 0.6.3").is_some_and(|version| version.to_string() == "0.6.3"));
        for other in ["", "holochain", "hc 0.7.1", "lair-keystore 0.7.1", "holochain unknown"] {
            assert_eq!(Version::parse(other), None, "{other:?}");
        }
    }
}
