//! The bundle of the probe, the hApp that the tests run, and the digest that ties it to its source.

use std::fs;
use std::path::{Path, PathBuf};

use holochain_types::app::AppBundleSource;
use sha2::{Digest, Sha256};

use crate::error::BundleError;
use crate::find::release::Release;

/// Where an app comes from: a bundle's bytes or its path.
pub type HappBundleSource = AppBundleSource;

/// `happ/bundle/probe.happ` of the repository: roles `probe` and `ledger`; see `happ/README.md`.
#[must_use]
pub fn probe_bundle_path() -> PathBuf {
    probe_bundle_path_for(Release::default())
}

/// The probe's bundle for this release, in `happ/bundle` or one of its folders.
#[must_use]
pub fn probe_bundle_path_for(release: Release) -> PathBuf {
    happ().join("bundle").join(release.bundles()).join("probe.happ")
}

/// `happ/bundle/features.happ` of the repository: every feature of the HDK; for the default release and later ones.
pub(crate) fn features_bundle_path() -> PathBuf {
    happ().join("bundle/features.happ")
}

/// The probe's bundle.
///
/// # Errors
/// [`BundleError`] if the file cannot be read: this crate was compiled somewhere else.
///
/// # Cancel safety
/// Cancel safe.
pub async fn probe_bundle() -> Result<HappBundleSource, BundleError> {
    probe_bundle_for(Release::default()).await
}

/// The probe's bundle for this release. Every release can install any of them; if a zome writes something in a form that its
/// conductor does not know, such as a grant, the call fails.
///
/// # Errors
/// [`BundleError`] if the file cannot be read: this crate was compiled somewhere else.
///
/// # Cancel safety
/// Cancel safe.
pub async fn probe_bundle_for(release: Release) -> Result<HappBundleSource, BundleError> {
    let path = probe_bundle_path_for(release);
    match tokio::fs::read(&path).await {
        Ok(bytes) => Ok(AppBundleSource::Bytes(bytes.into())),
        Err(source) => Err(BundleError { path, source }),
    }
}

/// The digest of the probe's source, in lower-case hexadecimal, as the packer writes it into every wasm. The rule is in
/// `happ/README.md`, "How a bundle is tied to its source".
///
/// # Errors
/// [`BundleError`] for the first file or directory that cannot be read.
pub fn happ_source_digest() -> Result<String, BundleError> {
    digest(&happ())
}

fn happ() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../happ")
}

fn digest(root: &Path) -> Result<String, BundleError> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    files.sort_unstable();
    let mut hash = Sha256::new();
    for name in files {
        let path = root.join(&name);
        let content = fs::read(&path).map_err(|source| BundleError { path, source })?;
        for part in [name.as_bytes(), &content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Adds the source files below `root/folder`, each as its path relative to `root`, with `/` as the separator.
fn collect(root: &Path, folder: &str, files: &mut Vec<String>) -> Result<(), BundleError> {
    let path = root.join(folder);
    let failed = |source| BundleError { path: path.clone(), source };
    for entry in fs::read_dir(&path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A name that is not UTF-8 is not one of our source files.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let relative = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.file_type().map_err(failed)?.is_dir() {
            if relative != "target" && relative != "bundle" {
                collect(root, &relative, files)?;
            }
        } else if relative == "build"
            || ["Cargo.lock", "Cargo.toml"].contains(&name.as_str())
            || name.ends_with(".rs")
        {
            files.push(relative);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_has_its_bundle() {
        let folder = |release| {
            let path = probe_bundle_path_for(release);
            path.strip_prefix(happ()).unwrap().parent().unwrap().to_owned()
        };
        assert_eq!(
            Release::ALL.map(folder),
            ["bundle/0.6", "bundle/0.7.0", "bundle", "bundle"].map(PathBuf::from)
        );
        assert_eq!(probe_bundle_path(), happ().join("bundle/probe.happ"));
    }

    #[test]
    fn the_digest_covers_names_and_contents_of_sources_only() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            digest(directory.path()).unwrap()
        };
        let first = write("probe/src/lib.rs", "one");
        assert_eq!(first.len(), 64);
        assert_eq!(write("README.md", "a document"), first);
        assert_eq!(write("target/out.rs", "output"), first);
        assert_eq!(write("bundle/Cargo.toml", "output"), first);
        let second = write("build", "a script");
        assert_ne!(second, first);
        let third = write("probe/src/lib.rs", "two");
        assert_ne!(third, second);
        assert_ne!(write("releases/0.6/Cargo.lock", "pins"), third);
    }
}
