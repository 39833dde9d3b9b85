//! Finds a tool's binary, or has it built.

use super::install::Install;
use super::lookup::Lookup;
use super::progress::Progress;
use super::release::Release;
use super::tool::Tool;
use crate::error::InstallError;

impl Install {
    /// Finds the conductor's binary, or builds it into the cache: 15 to 60 minutes, once per machine. For another release:
    /// [`ensure_release`](Self::ensure_release); for another tool: [`ensure_tool`](Self::ensure_tool).
    ///
    /// A line on standard error says what a long build is doing; use [`ensure_with`](Self::ensure_with) to show it in another way.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one resumes from the crates that it had finished.
    pub async fn ensure() -> Result<Self, InstallError> {
        Self::ensure_release(Release::default()).await
    }

    /// [`ensure`](Self::ensure) for the conductor of any release.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one resumes from the crates that it had finished.
    pub async fn ensure_release(release: Release) -> Result<Self, InstallError> {
        Self::ensure_tool(Tool::Conductor(release)).await
    }

    /// [`ensure`](Self::ensure) for any tool; the relay takes 2 to 10 minutes.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one resumes from the crates that it had finished.
    pub async fn ensure_tool(tool: Tool) -> Result<Self, InstallError> {
        Lookup::of(tool).ensure(print_progress).await
    }

    /// [`ensure`](Self::ensure), showing progress in the caller's own way.
    ///
    /// # Errors
    /// [`InstallError`], variant by variant.
    ///
    /// # Cancel safety
    /// Cancel safe: a running build is killed, and the next one resumes from the crates that it had finished.
    pub async fn ensure_with(progress: impl FnMut(Progress) + Send) -> Result<Self, InstallError> {
        Lookup::of(Tool::default()).ensure(progress).await
    }

    /// Finds the conductor's binary without building; `None` if a build would be needed.
    ///
    /// # Errors
    /// As [`find_release`](Self::find_release).
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn find() -> Result<Option<Self>, InstallError> {
        Self::find_release(Release::default()).await
    }

    /// Finds the binary of this release without building; `None` if a build would be needed. A ready binary is unpacked into the
    /// cache, which takes some seconds, once.
    ///
    /// # Errors
    /// [`InstallError::NotRunnable`] for a binary named by [`Tool::variable`], [`InstallError::WrongVersion`] if that is a conductor
    /// of another release and the default one is requested; [`InstallError::NotUnpacked`], [`InstallError::Cache`] and
    /// [`InstallError::NoCache`] for a ready binary.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn find_release(release: Release) -> Result<Option<Self>, InstallError> {
        Lookup::of(Tool::Conductor(release)).find().await
    }

    /// The conductors of all releases that are available without building, oldest first.
    ///
    /// # Errors
    /// As [`find_release`](Self::find_release), for the first release that fails.
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
}

fn print_progress(progress: Progress) {
    if progress.is_worth_a_line() {
        eprintln!("{progress}");
    }
}
