//! A tool's binary that has been found.

use std::path::PathBuf;

use super::release::Release;
use super::tool::Tool;
use crate::app::bundle::{probe_bundle_path, probe_bundle_path_for};

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

/// Where a binary was found, in search order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallSource {
    /// [`Tool::variable`] names it.
    Named,
    /// On `PATH`.
    Path,
    /// In the project's cache, built or unpacked there earlier.
    Cached,
    /// In the project's cache, unpacked from a directory of ready binaries just now.
    Unpacked,
    /// In the project's cache, built just now.
    Built,
    /// The embedded conductor of a `ham` binary: `ham dev`.
    Embedded,
}

impl Install {
    /// The embedded conductor of this `ham` binary: nothing is searched for or built.
    #[must_use]
    pub fn embedded(ham: impl Into<PathBuf>) -> Self {
        Self { tool: Tool::default(), binary: ham.into(), source: InstallSource::Embedded }
    }

    /// The same binary as a conductor of this release: for an embedded one, which can be any of them to its clients.
    #[must_use]
    pub fn as_release(self, release: Release) -> Self {
        Self { tool: Tool::Conductor(release), ..self }
    }

    /// The probe's bundle for it. Zomes on the embedded conductor are those of the default release.
    #[must_use]
    pub fn probe_bundle_path(&self) -> PathBuf {
        match self.source {
            InstallSource::Embedded => probe_bundle_path(),
            _ => probe_bundle_path_for(self.release()),
        }
    }

    /// The release of the conductor. For [`Tool::Relay`] it is the default one, whose relay it is.
    #[must_use]
    pub fn release(&self) -> Release {
        self.tool.release().unwrap_or_default()
    }
}
