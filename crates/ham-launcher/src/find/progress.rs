//! What a build is doing, in words for people.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::tool::Tool;

/// What a build is doing. `Display` gives a line to show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A crate began to compile.
    Compiling {
        /// What is built.
        tool: Tool,
        /// The crate's name.
        name: String,
        /// How many have begun, including this one; about 650 in all for a conductor.
        crates: usize,
        /// Since the build began.
        elapsed: Duration,
    },
    /// The build is done.
    Finished {
        /// What was built.
        tool: Tool,
        /// Since the build began.
        elapsed: Duration,
    },
    /// The build begins.
    Started {
        /// What is built.
        tool: Tool,
        /// Where the binary will be.
        binary: PathBuf,
    },
    /// Another process is building; this one waits for it.
    Waiting {
        /// What is built.
        tool: Tool,
        /// The lock that the other process holds.
        lock: PathBuf,
        /// Since the wait began.
        elapsed: Duration,
    },
}

impl Progress {
    /// Whether a terminal that shows one line per event should show this one: not every crate, not every check of the lock.
    #[must_use]
    pub fn is_worth_a_line(&self) -> bool {
        match self {
            Self::Compiling { crates, .. } => crates % 25 == 0,
            Self::Waiting { elapsed, .. } => elapsed.as_secs() % 30 == 0 && elapsed.subsec_millis() < 500,
            Self::Finished { .. } | Self::Started { .. } => true,
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compiling { tool, name, crates, elapsed } => {
                write!(f, "building {tool}: crate {crates} ({name}), {}", minutes(*elapsed))
            }
            Self::Finished { tool, elapsed } => write!(f, "{tool} is built, after {}", minutes(*elapsed)),
            Self::Started { tool, binary } => {
                write!(f, "building {tool} once, into {}; this takes {}", binary.display(), tool.build_time())
            }
            Self::Waiting { tool, lock, elapsed } => write!(
                f,
                "waiting for another process that builds {tool} (it holds {}), {}",
                lock.display(),
                minutes(*elapsed)
            ),
        }
    }
}

fn minutes(elapsed: Duration) -> String {
    format!("{}:{:02} min", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_well() {
        let (tool, elapsed) = (Tool::default(), Duration::from_secs(65));
        let progress = Progress::Compiling { tool, name: "serde".into(), crates: 25, elapsed };
        assert_eq!(progress.to_string(), "building holochain 0.7.1: crate 25 (serde), 1:05 min");
        assert!(progress.is_worth_a_line());
    }
}
