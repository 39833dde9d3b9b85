//! Where this project keeps what it has built, outside every `target` directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::tool::Tool;

/// Names the cache directory. Default: `$XDG_CACHE_HOME/ham`, else `$HOME/.cache/ham`.
pub const CACHE_VARIABLE: &str = "HAM_CACHE_DIR";

/// The project's cache directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheDirectory(PathBuf);

impl CacheDirectory {
    /// A cache in this directory.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory that the environment names; `None` if it names neither a cache nor a home. Empty values count as unset.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(read: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let path = |name| read(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        path(CACHE_VARIABLE)
            .or_else(|| path("XDG_CACHE_HOME").map(|cache| cache.join("ham")))
            .or_else(|| path("HOME").map(|home| home.join(".cache").join("ham")))
            .map(Self)
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The root that `cargo install` fills: `conductor/<version>` or `relay/<version>`.
    #[must_use]
    pub fn root(&self, tool: Tool) -> PathBuf {
        self.0.join(tool.role()).join(tool.version())
    }

    /// The binary in that root, for instance `conductor/<version>/bin/holochain`.
    #[must_use]
    pub fn binary(&self, tool: Tool) -> PathBuf {
        self.root(tool).join("bin").join(tool.binary())
    }

    /// Cargo's target directory during the build; removed if the build succeeded.
    pub(crate) fn build_directory(&self, tool: Tool) -> PathBuf {
        self.root(tool).join("build")
    }

    /// Where a ready binary is unpacked, before it is known to be complete.
    pub(crate) fn unpack_directory(&self, tool: Tool) -> PathBuf {
        self.root(tool).join("unpack")
    }

    /// The lock that the building or unpacking process holds.
    pub(crate) fn lock_file(&self, tool: Tool) -> PathBuf {
        self.root(tool).join("build.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::release::HOLOCHAIN_VERSION;
    use crate::find::release::Release;
    use crate::find::tool::RELAY_VERSION;

    fn cache_of(variables: &[(&str, &str)]) -> Option<PathBuf> {
        let read = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        CacheDirectory::from_variables(read).map(|cache| cache.path().to_owned())
    }

    #[test]
    fn the_nearest_variable_wins_and_empty_ones_are_unset() {
        let all = [("HAM_CACHE_DIR", "/own"), ("XDG_CACHE_HOME", "/xdg"), ("HOME", "/home/me")];
        assert_eq!(cache_of(&all), Some("/own".into()));
        assert_eq!(cache_of(&all[1..]), Some("/xdg/ham".into()));
        assert_eq!(cache_of(&[("XDG_CACHE_HOME", ""), all[2]]), Some("/home/me/.cache/ham".into()));
        assert_eq!(cache_of(&[]), None);
    }

    #[test]
    fn the_binary_is_kept_by_version() {
        let cache = CacheDirectory::at("/c");
        let conductor = Path::new("/c/conductor").join(HOLOCHAIN_VERSION).join("bin/holochain");
        assert_eq!(cache.binary(Tool::default()), conductor);
        let older = Path::new("/c/conductor/0.6.3/bin/holochain");
        assert_eq!(cache.binary(Tool::Conductor(Release::V0_6_3)), older);
        let relay = Path::new("/c/relay").join(RELAY_VERSION).join("bin/kitsune2-bootstrap-srv");
        assert_eq!(cache.binary(Tool::Relay), relay);
    }
}
