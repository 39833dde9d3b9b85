//! The binaries that tests run on.

use std::io::Write;
use std::path::PathBuf;

use super::install::Install;
use super::release::Release;
use crate::error::InstallError;

/// The release that [`Install::of_test`] uses: `HAM_TEST_RELEASE`.
pub const TEST_RELEASE_VARIABLE: &str = "HAM_TEST_RELEASE";

impl Install {
    /// What the tests of a crate run on: the embedded conductor if the crate's name begins with `embedded`, otherwise the real one.
    /// So one source makes two tests, told apart by `env!("CARGO_CRATE_NAME")`. [`TEST_RELEASE_VARIABLE`] names the release of
    /// either; without it, that is the default one. `embedded:` before the release means the embedded conductor whatever the crate's name.
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

    /// What the test of a release runs on. The default release is built if it is missing; another one that is not available without
    /// building is `None`, and its test is skipped. A line on standard error, which the test runner lets through, says which it is.
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
        // Not `eprintln!`, which the test runner captures. If nobody can read it, nothing is lost.
        let _ = std::io::stderr().write_all(line.as_bytes());
        Ok(found)
    }

    /// The embedded conductor of the `ham` binary that was built together with the running test: `cargo test --workspace` builds
    /// both, and `cargo build -p ham-cli` the binary.
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
        // Tests are in `deps`, programs beside it.
        let binary =
            test.ancestors().skip(1).take(2).map(|directory| directory.join("ham")).find(|ham| ham.is_file());
        binary.map(Self::embedded).ok_or_else(|| missing(test.with_file_name("ham")))
    }
}
