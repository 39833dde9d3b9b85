//! What a binary says about itself.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::tool::Tool;
use crate::error::InstallError;

/// A binary that has not reported its version by then is not one of ours.
const VERSION_TIMEOUT: Duration = Duration::from_secs(30);

/// What a tool printed after its name when run with `--version`, for instance `0.7.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Reads the output of a tool's `--version`; `None` if it is not such output.
    #[must_use]
    pub fn parse(tool: Tool, output: &str) -> Option<Self> {
        let mut words = output.split_whitespace();
        let version = words.next().filter(|name| *name == tool.package()).and_then(|_| words.next())?;
        version.starts_with(|first: char| first.is_ascii_digit()).then(|| Self(version.to_owned()))
    }

    /// Whether it is the version of the tool that the launcher uses.
    #[must_use]
    pub fn is_wanted(&self, tool: Tool) -> bool {
        self.0 == tool.version()
    }

    /// Runs `binary --version`.
    pub(crate) async fn of(tool: Tool, binary: &Path) -> Result<Self, InstallError> {
        let not_runnable =
            |source: std::io::Error| InstallError::NotRunnable { path: binary.to_owned(), source };
        let run = Command::new(binary).arg("--version").kill_on_drop(true).output();
        let output = tokio::time::timeout(VERSION_TIMEOUT, run).await;
        let output = output.map_err(|elapsed| not_runnable(elapsed.into()))?.map_err(not_runnable)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Self::parse(tool, &text).ok_or_else(|| InstallError::WrongVersion {
            tool,
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
    use crate::find::release::Release;

    #[test]
    fn only_the_tools_own_answer_is_a_version() {
        let conductor = |text| Version::parse(Tool::default(), text);
        assert!(conductor("holochain 0.7.1\n").is_some_and(|version| version.is_wanted(Tool::default())));
        assert!(conductor("holochain 0.7.1-rc.2").is_some_and(|version| !version.is_wanted(Tool::default())));
        let older = conductor("holochain 0.6.3").unwrap();
        assert_eq!(older.to_string(), "0.6.3");
        assert!(older.is_wanted(Tool::Conductor(Release::V0_6_3)) && !older.is_wanted(Tool::default()));
        let others = ["", "holochain", "hc 0.7.1", "lair-keystore 0.7.1", "holochain unknown"];
        for other in others.into_iter().chain(["kitsune2_bootstrap_srv 0.5.1"]) {
            assert_eq!(conductor(other), None, "{other:?}");
        }
        let relay = Version::parse(Tool::Relay, "kitsune2_bootstrap_srv 0.5.1\n");
        assert!(relay.is_some_and(|version| version.is_wanted(Tool::Relay)));
    }
}
