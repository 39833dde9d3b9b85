//! Unpacks a bundle into a directory.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use holochain_types::app::AppManifest;
use holochain_types::dna::ValidatedDnaManifest;
use holochain_types::web_app::WebAppManifest;
use mr_bundle::{Bundle, FileSystemBundler, Manifest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::deep::deep;
use crate::error::BundleError;
use crate::file;
use crate::inflated::{Inflated, MAX_INFLATED};
use crate::kind::Kind;
use crate::pack::file_name;

/// Unpacks a bundle into a directory, by default one with its name beside it, and returns that directory. With `force`, files in the
/// way are overwritten.
///
/// # Errors
/// [`BundleError::UnknownKind`], [`BundleError::Io`], [`BundleError::Exists`], [`BundleError::TooLarge`],
/// [`BundleError::NotAFileName`], [`BundleError::Invalid`], [`BundleError::Decoding`].
///
/// # Cancel safety
/// Not cancel-safe: some of the files may have been written.
pub async fn unpack(file: &Path, output: Option<&Path>, force: bool) -> Result<PathBuf, BundleError> {
    let kind = Kind::of_file(file)?;
    let directory = output.map_or_else(|| file.with_extension(""), Path::to_owned);
    let file = file.to_owned();
    let unpacking = async move {
        let bytes = read(&file, &mut Inflated::default()).await?;
        match kind {
            Kind::App => expand::<AppManifest>("app", &file, &bytes, &directory, force).await?,
            Kind::Dna => expand::<ValidatedDnaManifest>("DNA", &file, &bytes, &directory, force).await?,
            Kind::WebApp => expand::<WebAppManifest>("web app", &file, &bytes, &directory, force).await?,
        }
        Ok(directory)
    };
    deep(unpacking).await?
}

/// A bundle's bytes, with its content bounded and no longer compressed.
pub(crate) async fn read(file: &Path, inflated: &mut Inflated) -> Result<Bytes, BundleError> {
    let bytes = file::read(file).await?;
    inflated.stored(bytes.into()).map_err(|_| BundleError::TooLarge { limit: MAX_INFLATED })
}

async fn expand<M>(
    kind: &'static str,
    file: &Path,
    bytes: &Bytes,
    directory: &Path,
    force: bool,
) -> Result<(), BundleError>
where
    M: Manifest + Debug + Serialize + DeserializeOwned,
{
    let bundle = Bundle::<M>::unpack(&**bytes).map_err(|error| BundleError::of(kind, file, error))?;
    // Before anything is written: a part could be called `../../.bashrc`.
    for name in bundle.get_all_resources().keys() {
        file_name(name)?;
    }
    if !force && directory.symlink_metadata().is_ok() {
        return Err(BundleError::Exists { directory: directory.to_owned() });
    }
    let parts = bundle.get_all_resources();
    let names = parts.keys().map(|name| name.as_str()).chain([M::file_name()]);
    for path in names.map(|name| directory.join(name)) {
        if path.is_symlink() {
            return Err(BundleError::Link { path });
        }
    }
    let expanded = FileSystemBundler::expand_to(&bundle, directory, force).await;
    expanded.map_err(|error| BundleError::of(kind, file, error))
}
