//! What can go wrong with bundles.

use std::path::PathBuf;

use mr_bundle::error::MrBundleError;

use crate::deep::DeepError;

/// Why a bundle was not packed, unpacked or hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A directory has no manifest.
    #[error("{} has no manifest: no happ.yaml, dna.yaml or web-happ.yaml", .directory.display())]
    NoManifest {
        /// The directory.
        directory: PathBuf,
    },
    /// A directory has several manifests, so it is unclear which bundle is meant.
    #[error("{} has {}: name the manifest instead of its directory", .directory.display(), .found.join(" and "))]
    SeveralManifests {
        /// The directory.
        directory: PathBuf,
        /// The names of the manifests.
        found: Vec<&'static str>,
    },
    /// The file's name does not tell what it is.
    #[error("{} is not named like a bundle: .happ, .dna or .webhapp; or .wasm, to be hashed", .path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// A file or directory cannot be read or written.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The directory to unpack into already exists.
    #[error("{} is there already", .directory.display())]
    Exists {
        /// The directory.
        directory: PathBuf,
    },
    /// There is a link where a part of the bundle would be written. Nothing was written.
    #[error("{} is a link, which could lead out of the directory", .path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A manifest names a bundle by an absolute path, so packing it could write anywhere. Nothing was written.
    #[error("the manifest names a bundle by the absolute path {}", .path.display())]
    Absolute {
        /// The path.
        path: PathBuf,
    },
    /// A part of the bundle, or a manifest, has a name that is not a plain file name. Nothing was written.
    #[error("{name:?} is not a file name")]
    NotAFileName {
        /// The name.
        name: String,
    },
    /// The bundle unpacks to more than [`MAX_INFLATED`](crate::MAX_INFLATED) bytes.
    #[error("it unpacks to more than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: u64,
    },
    /// A file is named like a WASM module but is not one: conductors would hash it all the same, and never run it.
    #[error("{} is not a WASM module", .path.display())]
    NotWasm {
        /// The file.
        path: PathBuf,
    },
    /// It is not a bundle of its kind, or its manifest and its parts do not match.
    #[error("{} is not a valid {kind} bundle", .path.display())]
    Invalid {
        /// What it should be.
        kind: &'static str,
        /// The file, or the manifest.
        path: PathBuf,
        /// Why it is not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It was not decoded.
    #[error(transparent)]
    Decoding(#[from] DeepError),
}

impl BundleError {
    /// Tells a file that cannot be read from one whose content is wrong.
    pub(crate) fn of(kind: &'static str, path: &std::path::Path, error: MrBundleError) -> Self {
        match error {
            MrBundleError::IoError(text, source) => {
                // The text names the missing file, which is not the manifest itself.
                let source = std::io::Error::new(source.kind(), format!("{text}: {source}"));
                Self::Invalid { kind, path: path.to_owned(), source: Box::new(source) }
            }
            source => Self::Invalid { kind, path: path.to_owned(), source: Box::new(source) },
        }
    }
}
