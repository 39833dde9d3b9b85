//! The digest of the source that a bundle is built from. README.md of the workspace defines it, and a test outside
//! the workspace computes it again from that definition.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{fs, path::Path};

/// Folders whose content is made from the source.
const BUILT: [&str; 2] = ["bundle", "target"];

/// SHA-256 over every source file below `happ`, in lower-case hexadecimal.
pub(crate) fn digest(happ: &Path) -> Result<String> {
    let mut files = Vec::new();
    collect(happ, happ, &mut files)?;
    files.sort();

    let mut sha = Sha256::new();
    for name in &files {
        let content = fs::read(happ.join(name)).with_context(|| format!("reading {name}"))?;
        for part in [name.as_bytes(), &content] {
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part);
        }
    }
    Ok(format!("{:x}", sha.finalize()))
}

/// Adds the paths relative to `happ`, with `/` between their parts.
fn collect(happ: &Path, folder: &Path, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        let name = relative(happ, &path)?;
        if path.is_dir() {
            if !BUILT.contains(&name.as_str()) {
                collect(happ, &path, files)?;
            }
        } else if is_source(&name, &path) {
            files.push(name);
        }
    }
    Ok(())
}

fn is_source(name: &str, path: &Path) -> bool {
    name == "build"
        || path.file_name().is_some_and(|file| file == "Cargo.toml" || file == "Cargo.lock")
        || path.extension().is_some_and(|extension| extension == "rs")
}

fn relative(happ: &Path, path: &Path) -> Result<String> {
    let parts: Option<Vec<&str>> = path.strip_prefix(happ)?.iter().map(|part| part.to_str()).collect();
    let parts = parts.with_context(|| format!("{} is not UTF-8", path.display()))?;
    Ok(parts.join("/"))
}
