//! What goes wrong with bundles.

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
    /// A directory has several manifests, so which bundle is meant is not known.
    #[error("{} has {}: name the manifest instead of its directory", .directory.display(), .found.join(" and "))]
    SeveralManifests {
        /// The directory.
        directory: PathBuf,
        /// The names of the manifests.
        found: Vec<&'static str>,
    },
    /// What a file is cannot be told by its name.
    #[error("{} is not named as a bundle: .happ, .dna, .webhapp; or .wasm, where it is to be hashed", .path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// A file or directory cannot be read or written.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The directory to unpack into is there already.
    #[error("{} is there already", .directory.display())]
    Exists {
        /// The directory.
        directory: PathBuf,
    },
    /// A link stands where a part of the bundle would be written. Nothing was written.
    #[error("{} is a link, which could lead out of the directory", .path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A manifest names a bundle by an absolute path, so packing it would write anywhere. Nothing was written.
    #[error("the manifest names a bundle by the absolute path {}", .path.display())]
    Absolute {
        /// The path.
        path: PathBuf,
    },
    /// A part of the bundle, or a manifest, has a name that is no plain file name. Nothing was written.
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
    /// A file is named as a WASM module, and is none: conductors would hash it all the same, and never run it.
    #[error("{} is no WASM module", .path.display())]
    NotWasm {
        /// The file.
        path: PathBuf,
    },
    /// It is no bundle of its kind, or its manifest and its parts do not fit.
    #[error("{} is no valid {kind} bundle", .path.display())]
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
    /// Tells a file that cannot be read from one that says something wrong.
    pub(crate) fn of(kind: &'static str, path: &std::path::Path, error: MrBundleError) -> Self {
        match error {
            MrBundleError::IoError(text, source) => {
                // The text names the file that is missing, which is another one than the manifest.
                let source = std::io::Error::new(source.kind(), format!("{text}: {source}"));
                Self::Invalid { kind, path: path.to_owned(), source: Box::new(source) }
            }
            source => Self::Invalid { kind, path: path.to_owned(), source: Box::new(source) },
        }
    }
}
