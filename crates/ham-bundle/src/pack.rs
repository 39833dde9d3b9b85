//! Packs a directory into a bundle.

use std::fmt::Debug;
use std::path::{Component, Path, PathBuf};

use holochain_types::app::AppManifest;
use holochain_types::dna::ValidatedDnaManifest;
use holochain_types::web_app::WebAppManifest;
use mr_bundle::{FileSystemBundler, Manifest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;

use crate::error::BundleError;
use crate::file;
use crate::inflated::MAX_INFLATED;
use crate::kind::Kind;

/// How to pack a directory.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PackOptions {
    /// The bundle's file, or a directory for it. Default: beside the manifest, with the name given in the manifest.
    pub output: Option<PathBuf>,
    /// First packs the bundles that the manifest names, each from the directory where it is to be, or from a directory with its name
    /// there. Default: false.
    pub recursive: bool,
}

impl PackOptions {
    /// Sets [`output`](Self::output).
    #[must_use]
    pub fn with_output(mut self, output: Option<PathBuf>) -> Self {
        self.output = output;
        self
    }

    /// Sets [`recursive`](Self::recursive).
    #[must_use]
    pub fn with_recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }
}

/// A bundle that has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packed {
    /// Its kind.
    pub kind: Kind,
    /// Its file.
    pub file: PathBuf,
    /// Its size, in bytes.
    pub size: u64,
}

/// Packs a directory, or the manifest in it: returns the requested bundle last, after those that were packed for it.
///
/// # Errors
/// [`BundleError::NoManifest`], [`BundleError::SeveralManifests`], [`BundleError::Io`]; [`BundleError::Invalid`] if the manifest is
/// not one or names a file that does not exist.
///
/// # Cancel safety
/// Cancel-safe: a bundle appears as a whole or not at all; those packed before it stay.
pub async fn pack(path: &Path, options: &PackOptions) -> Result<Vec<Packed>, BundleError> {
    let (kind, manifest) = Kind::of_manifest(path)?;
    let mut packed = Vec::new();
    if options.recursive {
        for (kind, manifest, file) in inner(kind, &manifest).await? {
            // A page comes with an app, which comes with DNAs; it goes no deeper.
            if kind == Kind::App {
                for (kind, manifest, file) in inner(kind, &manifest).await? {
                    packed.push(write(kind, &manifest, Some(&file)).await?);
                }
            }
            packed.push(write(kind, &manifest, Some(&file)).await?);
        }
    }
    packed.push(write(kind, &manifest, options.output.as_deref()).await?);
    Ok(packed)
}

/// The bundles that a manifest names and whose own manifests exist.
async fn inner(kind: Kind, manifest: &Path) -> Result<Vec<(Kind, PathBuf, PathBuf)>, BundleError> {
    let paths = match kind {
        Kind::Dna => return Ok(Vec::new()),
        Kind::App => paths::<AppManifest>("app", manifest).await?,
        Kind::WebApp => paths::<WebAppManifest>("web app", manifest).await?,
    };
    let directory = manifest.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for path in paths {
        if Path::new(&path).is_absolute() {
            return Err(BundleError::Absolute { path: path.into() });
        }
        let file = directory.join(path);
        // A page is a zip file, which something else makes.
        let Ok(kind) = Kind::of_file(&file) else { continue };
        // Where it is to be, or in a directory with its name, as unpacking leaves it.
        let places = [file.parent().unwrap_or(Path::new("")).to_owned(), file.with_extension("")];
        let mut manifests = places.iter().map(|place| place.join(kind.manifest()));
        if let Some(manifest) = manifests.find(|manifest| manifest.is_file()) {
            found.push((kind, manifest, file));
        }
    }
    Ok(found)
}

/// The files that a manifest names.
async fn paths<M: Manifest>(kind: &'static str, manifest: &Path) -> Result<Vec<String>, BundleError> {
    let mut read: M = parse(kind, manifest).await?;
    Ok(read.generate_resource_ids().into_values().collect())
}

async fn parse<M: DeserializeOwned>(kind: &'static str, manifest: &Path) -> Result<M, BundleError> {
    yaml_serde::from_slice(&file::read(manifest).await?).map_err(|source| BundleError::Invalid {
        kind,
        path: manifest.to_owned(),
        source: Box::new(source),
    })
}

async fn write(kind: Kind, manifest: &Path, output: Option<&Path>) -> Result<Packed, BundleError> {
    let name = match kind {
        Kind::App => parse::<AppManifest>("app", manifest).await?.app_name().to_owned(),
        Kind::Dna => parse::<ValidatedDnaManifest>("DNA", manifest).await?.name(),
        Kind::WebApp => parse::<WebAppManifest>("web app", manifest).await?.app_name().to_owned(),
    };
    let directory = manifest.parent().unwrap_or(Path::new(""));
    let named = format!("{}.{}", file_name(&name)?, kind.extension());
    let file = match output {
        Some(output) if output.is_dir() => output.join(named),
        Some(output) => output.to_owned(),
        None => directory.join(named),
    };
    // The parts are read as a whole, too.
    let parts = match kind {
        Kind::App => paths::<AppManifest>("app", manifest).await?,
        Kind::Dna => paths::<ValidatedDnaManifest>("DNA", manifest).await?,
        Kind::WebApp => paths::<WebAppManifest>("web app", manifest).await?,
    };
    let mut whole_size = 0_u64;
    for part in parts.iter().map(|part| directory.join(part)).filter(|part| part.exists()) {
        whole_size = whole_size.saturating_add(file::size(&part).await?);
    }
    if whole_size > MAX_INFLATED {
        return Err(BundleError::TooLarge { limit: MAX_INFLATED });
    }
    let bytes = match kind {
        Kind::App => bundle::<AppManifest>("app", manifest).await?,
        Kind::Dna => bundle::<ValidatedDnaManifest>("DNA", manifest).await?,
        Kind::WebApp => bundle::<WebAppManifest>("web app", manifest).await?,
    };
    whole(&file, &bytes).await?;
    Ok(Packed { kind, file, size: bytes.len() as u64 })
}

async fn bundle<M>(kind: &'static str, manifest: &Path) -> Result<Vec<u8>, BundleError>
where
    M: Manifest + Debug + Serialize + DeserializeOwned,
{
    let invalid = |error| BundleError::of(kind, manifest, error);
    let bundle = FileSystemBundler::bundle::<M>(manifest).await.map_err(invalid)?;
    Ok(bundle.pack().map_err(invalid)?.to_vec())
}

/// Writes a file so that nobody sees half of it: `ham dev` and others read it as soon as it changes.
async fn whole(file: &Path, bytes: &[u8]) -> Result<(), BundleError> {
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| BundleError::Io { doing, path, source }
    };
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    tokio::fs::create_dir_all(directory).await.map_err(failed("create", directory))?;
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let part = Part(PathBuf::from(beside));
    // Created here rather than on another thread, which could create it after this future was dropped. Written in pieces, for the same reason.
    let made = std::fs::File::create(&part.0).map_err(failed("write", &part.0))?;
    let mut written = tokio::fs::File::from_std(made);
    for piece in bytes.chunks(PIECE) {
        written.write_all(piece).await.map_err(failed("write", &part.0))?;
    }
    written.flush().await.map_err(failed("write", &part.0))?;
    tokio::fs::rename(&part.0, file).await.map_err(failed("write", file))
}

/// A file that is not complete yet. Dropping it removes it, unless it has become the bundle.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It no longer exists if it was renamed.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// How much is written at once, in bytes.
const PIECE: usize = 1 << 20;

/// A name that is one plain component of a path.
pub(crate) fn file_name(name: &str) -> Result<&str, BundleError> {
    let mut components = Path::new(name).components();
    let plain = matches!((components.next(), components.next()), (Some(Component::Normal(_)), None));
    if plain && !name.contains(['/', '\\']) && !name.contains(char::is_control) {
        Ok(name)
    } else {
        Err(BundleError::NotAFileName { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    /// An interrupted run left `.part` files.
    #[tokio::test]
    async fn a_bundle_that_is_not_finished_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.happ");
        // More pieces than one poll in tokio may wait for, so that no disk is fast enough to finish there.
        let bytes = vec![0; 256 * PIECE];
        let mut writing = Box::pin(whole(&file, &bytes));
        // Until the part is there.
        while std::fs::read_dir(&directory).unwrap().next().is_none() {
            assert!(
                std::future::poll_fn(|context| Poll::Ready(writing.as_mut().poll(context).is_pending()))
                    .await
            );
            tokio::task::yield_now().await;
        }
        drop(writing);
        assert!(std::fs::read_dir(&directory).unwrap().next().is_none());
        whole(&file, b"whole").await.unwrap();
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn a_part_is_named_like_a_file_here() {
        assert!(file_name("zome.wasm").is_ok());
        for name in ["", ".", "..", "/etc/passwd", "../up", "a/b", "a/", "c:\\d", "a\0", "a\nb", "\u{1b}[31m"]
        {
            assert!(file_name(name).is_err(), "{name:?}");
        }
    }
}
