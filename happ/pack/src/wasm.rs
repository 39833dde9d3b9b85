//! The compiled zomes.

use anyhow::{Context, Result, ensure};
use std::{fs, path::PathBuf};

/// The custom section that holds the digest of the source, in lower-case hexadecimal.
const SOURCE_SECTION: &str = "ham_source";

/// The first eight bytes of every module: the magic number and version 1.
const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";

/// The compiled zomes of one release.
pub(crate) struct Zomes {
    folder: PathBuf,
    digest: String,
}

impl Zomes {
    /// The compiler's output in `folder`, and the digest of what it was compiled from.
    pub(crate) fn new(folder: impl Into<PathBuf>, digest: String) -> Self {
        Self { folder: folder.into(), digest }
    }

    /// The digest of the source.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// One of them, stamped.
    pub(crate) fn wasm(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.folder.join(name).with_extension("wasm");
        let module = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        stamp(module, &self.digest).with_context(|| format!("stamping {}", path.display()))
    }
}

/// Appends the custom section; a module may end with any number of them.
fn stamp(mut module: Vec<u8>, digest: &str) -> Result<Vec<u8>> {
    ensure!(module.starts_with(PREAMBLE), "this is not a WebAssembly module");
    let mut section = Vec::new();
    leb128(SOURCE_SECTION.len(), &mut section);
    section.extend_from_slice(SOURCE_SECTION.as_bytes());
    section.extend_from_slice(digest.as_bytes());

    module.push(0);
    leb128(section.len(), &mut module);
    module.extend_from_slice(&section);
    Ok(module)
}

/// WebAssembly's encoding of an unsigned number: seven bits a byte, the lowest first.
fn leb128(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
