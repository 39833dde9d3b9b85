//! The directory of an app: a Cargo workspace of zomes, and the manifest of the app that they make.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ham_bundle::Kind;
use holochain_types::app::AppManifest;
use serde::Deserialize;

use super::errors::Errors;
use super::seen::Places;
use super::subprocess;
use crate::exit::Exit;
use crate::failure::Failure;

/// What is to be built.
#[derive(Debug)]
pub(crate) struct Project {
    /// Absolute.
    pub(crate) directory: PathBuf,
    /// The app's.
    pub(super) manifest: PathBuf,
    /// The packages that are zomes.
    pub(super) zomes: Vec<String>,
    /// The directories of all packages.
    packages: Vec<PathBuf>,
}

impl Project {
    /// Finds out what is in a directory.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn of(directory: &Path) -> Result<Self, Failure> {
        let directory = directory.canonicalize().map_err(|error| {
            let text = format!("cannot read {}", ham::masked_path(directory));
            Failure::new(Exit::Usage, anyhow::Error::new(error).context(text), NAME_ONE)
        })?;
        let manifests = PLACES.map(|place| directory.join(place).join(Kind::App.manifest()));
        let manifest = manifests.into_iter().find(|manifest| manifest.is_file());
        let Some(manifest) = manifest.filter(|_| directory.join("Cargo.toml").is_file()) else {
            return Err(Failure::usage(
                format!(
                    "{} has no app to build: an app has a Cargo.toml with the zomes, and a happ.yaml beside it or in workdir/",
                    directory.display()
                ),
                NAME_ONE,
            ));
        };
        let packages = packages(&directory).await?;
        let zomes = packages.iter().filter(|package| package.is_zome()).map(|package| package.name.clone());
        let zomes: Vec<String> = zomes.collect();
        if zomes.is_empty() {
            return Err(Failure::usage(
                format!("the workspace {} has no zome", directory.display()),
                "a zome is a package with `crate-type = [\"cdylib\"]` in its Cargo.toml",
            ));
        }
        let directories = packages.iter().filter_map(|package| package.manifest_path.parent());
        let packages = directories.map(Path::to_owned).collect();
        Ok(Self { directory, manifest, zomes, packages })
    }

    /// The places of the files that it consists of.
    pub(super) fn places(&self) -> Places {
        let trees = self.packages.iter().map(|package| package.join("src")).collect();
        Places { directories: self.directories(), trees }
    }

    /// Those places without the sources of packages: each directory once.
    fn directories(&self) -> BTreeSet<PathBuf> {
        let beside = self.manifest.parent().unwrap_or(&self.directory);
        let manifest = std::fs::read(&self.manifest).ok();
        // Packing reports what is wrong with it.
        let manifest = manifest.and_then(|manifest| yaml_serde::from_slice::<AppManifest>(&manifest).ok());
        let roles = manifest.map(|manifest| manifest.app_roles()).unwrap_or_default();
        let dnas = roles
            .iter()
            .filter_map(|role| beside.join(role.dna.path.as_ref()?).parent()?.canonicalize().ok());
        let all = [self.directory.as_path(), beside].map(Path::to_owned).into_iter();
        all.chain(self.packages.iter().cloned()).chain(dnas).collect()
    }
}

/// A package, as Cargo describes it.
#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Package {
    fn is_zome(&self) -> bool {
        self.targets.iter().any(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
    }
}

async fn packages(directory: &Path) -> Result<Vec<Package>, Failure> {
    let asked = ["cargo", "metadata", "--no-deps", "--format-version", "1"];
    let failed = |why: String| {
        let mut errors = Errors::default();
        why.lines().for_each(|line| errors.read(line));
        let text = format!("Cargo cannot read the workspace {}: {}", directory.display(), errors.text());
        Failure::new(Exit::Refused, anyhow::anyhow!(text), "run `cargo metadata` there to see the error")
    };
    let described = subprocess::answer(directory, &asked).await?.map_err(failed)?;
    let read = serde_json::from_slice::<Metadata>(&described);
    read.map(|metadata| metadata.packages).map_err(|error| failed(format!("error: {error}")))
}

/// The places of the app's manifest: as `ham new` and as `hc scaffold` create it.
const PLACES: [&str; 2] = ["", "workdir"];

const NAME_ONE: &str = "name the directory of an app; `ham new NAME` makes one";
