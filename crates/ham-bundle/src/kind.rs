//! The kinds of bundles.

use std::path::{Path, PathBuf};

use holochain_types::app::AppManifest;
use holochain_types::dna::ValidatedDnaManifest;
use holochain_types::web_app::WebAppManifest;
use mr_bundle::Manifest;

use crate::error::BundleError;

/// The kinds of bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// An app: `happ.yaml`, `.happ`.
    App,
    /// A DNA: `dna.yaml`, `.dna`.
    Dna,
    /// An app with its page: `web-happ.yaml`, `.webhapp`.
    WebApp,
}

const ALL: [Kind; 3] = [Kind::App, Kind::Dna, Kind::WebApp];

impl Kind {
    /// The name of its manifest.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::App => AppManifest::file_name(),
            Self::Dna => ValidatedDnaManifest::file_name(),
            Self::WebApp => WebAppManifest::file_name(),
        }
    }

    /// The extension of its files, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::App => AppManifest::bundle_extension(),
            Self::Dna => ValidatedDnaManifest::bundle_extension(),
            Self::WebApp => WebAppManifest::bundle_extension(),
        }
    }

    /// The manifest that a path refers to, and its kind: the path of the manifest itself or of its directory.
    ///
    /// # Errors
    /// [`BundleError::NoManifest`], [`BundleError::SeveralManifests`].
    pub fn of_manifest(path: &Path) -> Result<(Self, PathBuf), BundleError> {
        let named = |kind: &&Self| path.file_name().is_some_and(|name| name == kind.manifest());
        if let Some(kind) = ALL.iter().find(named).filter(|_| path.is_file()) {
            return Ok((*kind, path.to_owned()));
        }
        let found: Vec<Self> = ALL.into_iter().filter(|kind| path.join(kind.manifest()).is_file()).collect();
        match found.as_slice() {
            [kind] => Ok((*kind, path.join(kind.manifest()))),
            [] => Err(BundleError::NoManifest { directory: path.to_owned() }),
            several => {
                let found = several.iter().map(|kind| kind.manifest()).collect();
                Err(BundleError::SeveralManifests { directory: path.to_owned(), found })
            }
        }
    }

    /// The kind of a bundle, according to its name.
    ///
    /// # Errors
    /// [`BundleError::UnknownKind`].
    pub fn of_file(path: &Path) -> Result<Self, BundleError> {
        let extension = path.extension();
        let kind = ALL.into_iter().find(|kind| extension.is_some_and(|has| has == kind.extension()));
        kind.ok_or_else(|| BundleError::UnknownKind { path: path.to_owned() })
    }
}
