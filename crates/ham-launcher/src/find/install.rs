//! Finds a tool's binary, or has it built.

use std::io::Write;
use std::path::PathBuf;

use super::cargo::Progress;
use super::lookup::Lookup;
use super::release::Release;
use super::tool::Tool;
use crate::app::bundle::{probe_bundle_path, probe_bundle_path_for};
use crate::error::InstallError;

/// A tool's binary, of the right version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Install {
    /// The tool.
    pub tool: Tool,
    /// The binary.
    pub binary: PathBuf,
    /// Where it was found.
    pub source: InstallSource,
}

/// Where a binary was found, in the order looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallSource {
    /// [`Tool::variable`] names it.
    Named,
    /// On `PATH`.
    Path,
    /// In the project's cache, built or unpacked there earlier.
    Cached,
    /// In the project's cache, unpacked just now from a directory of ready binaries.
    Unpacked,
    /// In the project's cache, built just now.
    Built,
    /// The embedded conductor of a `ham` binary: `ham dev`.
    Embedded,
}

/// The release that [`Install::of_test`] takes: `HAM_TEST_RELEASE`.
pub const TEST_RELEASE_VARIABLE: &str = "HAM_TEST_RELEASE";

impl Install {
    /// Finds the conductor's binary, or builds it into the cache: 15 to 60 minutes, once a machine. For another release:
    /// [`ensure_release`](Self::ensure_release); for another tool: [`ensure_tool`](Self::ensure_tool).
    ///
    /// A line on standard error tells what a long build is doing; use [`ensure_with`](Self::ensure_with) to show it
    /// otherwise.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one goes on from the crates it had finished.
    pub async fn ensure() -> Result<Self, InstallError> {
        Self::ensure_release(Release::default()).await
    }

    /// [`ensure`](Self::ensure) for the conductor of any release.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one goes on from the crates it had finished.
    pub async fn ensure_release(release: Release) -> Result<Self, InstallError> {
        Self::ensure_tool(Tool::Conductor(release)).await
    }

    /// [`ensure`](Self::ensure) for any tool; the relay takes 2 to 10 minutes.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one goes on from the crates it had finished.
    pub async fn ensure_tool(tool: Tool) -> Result<Self, InstallError> {
        Lookup::of(tool).ensure(print_progress).await
    }

    /// [`ensure`](Self::ensure), showing progress in one's own way.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one goes on from the crates it had finished.
    pub async fn ensure_with(progress: impl FnMut(Progress) + Send) -> Result<Self, InstallError> {
        Lookup::of(Tool::default()).ensure(progress).await
    }

    /// The embedded conductor that this `ham` binary has: nothing is looked for or built.
    #[must_use]
    pub fn embedded(ham: impl Into<PathBuf>) -> Self {
        Self { tool: Tool::default(), binary: ham.into(), source: InstallSource::Embedded }
    }

    /// The same binary as a conductor of this release: of an embedded one, which is any of them to its clients.
    #[must_use]
    pub fn as_release(self, release: Release) -> Self {
        Self { tool: Tool::Conductor(release), ..self }
    }

    /// What the tests of a crate run on: the embedded conductor where the crate's name begins with `embedded`, the real one
    /// otherwise. So one source is two tests, `env!("CARGO_CRATE_NAME")` telling which. [`TEST_RELEASE_VARIABLE`] names the
    /// release, of either; without it, it is the default one. `embedded:` before the release means the embedded conductor
    /// whatever the crate's name is.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// As [`ensure`](Self::ensure).
    pub async fn of_test(crate_name: &str) -> Result<Self, InstallError> {
        let named = std::env::var(TEST_RELEASE_VARIABLE).unwrap_or_default();
        let (embedded, release) = match named.strip_prefix("embedded:") {
            Some(release) => (true, release),
            None => (crate_name.starts_with("embedded"), named.as_str()),
        };
        let release = if release.is_empty() { Release::default() } else { release.parse()? };
        if embedded {
            Ok(Self::embedded_of_this_build()?.as_release(release))
        } else {
            Self::ensure_release(release).await
        }
    }

    /// What the test of a release runs on. The default release is built where it is missing; another one that cannot be had without
    /// building is `None`, and its test is left out. A line on standard error, which the test runner lets through, says which it is.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// As [`ensure`](Self::ensure).
    pub async fn of_release_test(release: Release) -> Result<Option<Self>, InstallError> {
        let found = match Self::find_release(release).await? {
            None if release == Release::default() => Some(Self::ensure().await?),
            found => found,
        };
        let line = match &found {
            Some(install) => format!("TESTED: holochain {release}, {}\n", install.binary.display()),
            None => format!("LEFT OUT: there is no holochain {release} on this machine\n"),
        };
        // Not `eprintln!`, which the test runner keeps to itself. Where nobody can read it, nothing is lost.
        let _ = std::io::stderr().write_all(line.as_bytes());
        Ok(found)
    }

    /// The embedded conductor of the `ham` binary that was built with the test that runs: `cargo test --workspace` builds
    /// both, and `cargo build -p ham-cli` the one.
    ///
    /// # Errors
    /// [`InstallError::NotRunnable`]: it has not been built.
    pub fn embedded_of_this_build() -> Result<Self, InstallError> {
        let missing = |path: PathBuf| {
            let text = "build it with `cargo build -p ham-cli`";
            InstallError::NotRunnable {
                path,
                source: std::io::Error::new(std::io::ErrorKind::NotFound, text),
            }
        };
        let test = std::env::current_exe().map_err(|_| missing("ham".into()))?;
        // Tests lie in `deps`, programs beside it.
        let binary =
            test.ancestors().skip(1).take(2).map(|directory| directory.join("ham")).find(|ham| ham.is_file());
        binary.map(Self::embedded).ok_or_else(|| missing(test.with_file_name("ham")))
    }

    /// Finds the conductor's binary without building; `None` when a build would be needed.
    ///
    /// # Errors
    /// As [`find_release`](Self::find_release).
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn find() -> Result<Option<Self>, InstallError> {
        Self::find_release(Release::default()).await
    }

    /// Finds the binary of this release without building; `None` when a build would be needed. A ready binary is unpacked into
    /// the cache, which takes some seconds, once.
    ///
    /// # Errors
    /// [`InstallError::NotRunnable`] for a binary named by [`Tool::variable`], [`InstallError::WrongVersion`] when that is a
    /// conductor of another release and the default one is asked for; [`InstallError::NotUnpacked`],
    /// [`InstallError::Cache`] and [`InstallError::NoCache`] for a ready binary.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn find_release(release: Release) -> Result<Option<Self>, InstallError> {
        Lookup::of(Tool::Conductor(release)).find().await
    }

    /// The conductors of all releases that can be had without building, the oldest first.
    ///
    /// # Errors
    /// As [`find_release`](Self::find_release), for the first release that has one.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn available() -> Result<Vec<Self>, InstallError> {
        let mut found = Vec::with_capacity(Release::ALL.len());
        for release in Release::ALL {
            found.extend(Self::find_release(release).await?);
        }
        Ok(found)
    }

    /// The probe's bundle that runs on it. Zomes on the embedded conductor are those of the default release.
    #[must_use]
    pub fn probe_bundle_path(&self) -> PathBuf {
        match self.source {
            InstallSource::Embedded => probe_bundle_path(),
            _ => probe_bundle_path_for(self.release()),
        }
    }

    /// The release of the conductor. That of [`Tool::Relay`] is the default one, whose relay it is.
    #[must_use]
    pub fn release(&self) -> Release {
        self.tool.release().unwrap_or_default()
    }
}

fn print_progress(progress: Progress) {
    if progress.is_worth_a_line() {
        eprintln!("{progress}");
    }
}
