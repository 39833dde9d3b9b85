//! Where to look for a tool's binary, and in which order.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::cache::{CACHE_VARIABLE, CacheDirectory};
use super::cargo;
use super::install::{Install, InstallSource};
use super::progress::Progress;
use super::ready::ReadyDirectory;
use super::release::Release;
use super::tool::Tool;
use super::version::Version;
use crate::error::InstallError;

/// What to look for, and where. [`Lookup::of`] is what everyone uses; the fields are there for tests and tools.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Lookup {
    /// The tool to find.
    pub tool: Tool,
    /// The binary to use, whatever else exists.
    pub named: Option<PathBuf>,
    /// Directories to search, in the form of `PATH`.
    pub path: Option<OsString>,
    /// The cache to look in, and to unpack and build into.
    pub cache: Option<CacheDirectory>,
    /// A directory of ready conductors.
    pub ready: Option<ReadyDirectory>,
    /// The cargo to build with: the one that runs this process (`CARGO`), else `cargo` on `PATH`.
    pub cargo: Option<OsString>,
}

impl Lookup {
    /// Looks for the tool where the environment says.
    #[must_use]
    pub fn of(tool: Tool) -> Self {
        let named = std::env::var_os(tool.variable()).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            tool,
            named,
            path: std::env::var_os("PATH"),
            cache: CacheDirectory::from_env(),
            ready: ReadyDirectory::from_env(),
            cargo: std::env::var_os("CARGO"),
        }
    }

    /// As [`Install::find`].
    ///
    /// # Errors
    /// As [`Install::find`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn find(&self) -> Result<Option<Install>, InstallError> {
        self.find_or_unpack(&mut |_| ()).await
    }

    async fn find_or_unpack(
        &self,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Option<Install>, InstallError> {
        if let Some(binary) = &self.named {
            match self.checked(binary, InstallSource::Named).await {
                // It is a conductor, named for the tests of its own release.
                Err(InstallError::WrongVersion { .. }) if self.is_of_another_release() => {}
                // Named on purpose: using another one instead would hide the mistake.
                named => return named.map(Some),
            }
        }
        for directory in self.path.iter().flat_map(std::env::split_paths) {
            let binary = directory.join(self.tool.binary());
            // A different version on `PATH` belongs to someone else.
            if let Ok(install) = self.checked(&binary, InstallSource::Path).await {
                return Ok(Some(install));
            }
        }
        if let Some(install) = self.cached().await {
            return Ok(Some(install));
        }
        let Some(ready) = &self.ready else { return Ok(None) };
        let Some(packed) = ready.packed(self.tool)? else { return Ok(None) };
        let cache = self.own_cache()?;
        let _alone = cargo::lock(self.tool, cache, progress).await?;
        // Another process may have unpacked it while this one waited for the lock.
        if let Some(install) = self.cached().await {
            return Ok(Some(install));
        }
        match packed.unpack(self.tool, cache).await {
            Ok(()) => self.checked(&cache.binary(self.tool), InstallSource::Unpacked).await.map(Some),
            // One for another kind of machine is nobody's mistake.
            Err(InstallError::NotRunnable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`Install::ensure_with`].
    ///
    /// # Errors
    /// As [`Install::ensure_with`].
    ///
    /// # Cancel safety
    /// As [`Install::ensure_with`].
    pub async fn ensure(&self, mut progress: impl FnMut(Progress) + Send) -> Result<Install, InstallError> {
        if let Some(install) = self.find_or_unpack(&mut progress).await? {
            return Ok(install);
        }
        let cache = self.own_cache()?;
        let _alone = cargo::lock(self.tool, cache, &mut progress).await?;
        // Another process may have built it while this one waited for the lock.
        if let Some(install) = self.cached().await {
            return Ok(install);
        }
        let program = self.cargo.as_deref().unwrap_or("cargo".as_ref());
        cargo::build(self.tool, program, cache, &mut progress).await?;
        self.checked(&cache.binary(self.tool), InstallSource::Built).await
    }

    fn is_of_another_release(&self) -> bool {
        self.tool.release().is_some_and(|release| release != Release::default())
    }

    fn own_cache(&self) -> Result<&CacheDirectory, InstallError> {
        self.cache.as_ref().ok_or(InstallError::NoCache { variable: CACHE_VARIABLE })
    }

    async fn cached(&self) -> Option<Install> {
        let binary = self.cache.as_ref()?.binary(self.tool);
        self.checked(&binary, InstallSource::Cached).await.ok()
    }

    async fn checked(&self, binary: &Path, source: InstallSource) -> Result<Install, InstallError> {
        let tool = self.tool;
        let version = Version::of(tool, binary).await?;
        if version.is_wanted(tool) {
            Ok(Install { tool, binary: binary.to_owned(), source })
        } else {
            Err(InstallError::WrongVersion { tool, path: binary.to_owned(), found: version.to_string() })
        }
    }
}

#[cfg(test)]
mod tests;
