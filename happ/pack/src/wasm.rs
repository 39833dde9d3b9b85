//! The compiled zomes.

use anyhow::{Context, Result, ensure};
use std::{fs, path::Path};

/// The custom section that holds the digest of the source, in lower-case hexadecimal.
const SOURCE_SECTION: &str = "ham_source";

/// The first eight bytes of every module: the magic number and version 1.
const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";

/// The four zomes, stamped.
pub(crate) struct Zomes {
    pub(crate) probe_integrity: Vec<u8>,
    pub(crate) probe: Vec<u8>,
    pub(crate) ledger_integrity: Vec<u8>,
    pub(crate) ledger: Vec<u8>,
}

impl Zomes {
    /// Reads the compiler's output and stamps each module with `digest`.
    pub(crate) fn read(folder: &Path, digest: &str) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name).with_extension("wasm");
            let module = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            stamp(module, digest).with_context(|| format!("stamping {}", path.display()))
        };
        Ok(Self {
            probe_integrity: read("probe_integrity")?,
            probe: read("probe")?,
            ledger_integrity: read("ledger_integrity")?,
            ledger: read("ledger")?,
        })
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
