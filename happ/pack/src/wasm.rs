//! The compiled zomes.

use anyhow::{Context, Result, ensure};
use std::{collections::BTreeMap, fs, path::Path};

/// The custom section that holds the digest of the source, in lower-case hexadecimal.
const SOURCE_SECTION: &str = "ham_source";

/// The first eight bytes of every module: the magic number and version 1.
const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";

/// The compiled zomes by name, stamped.
pub(crate) struct Zomes(BTreeMap<&'static str, Vec<u8>>);

impl Zomes {
    /// The names, as `build` compiles them.
    const NAMES: [&str; 7] =
        ["bare", "features", "features_integrity", "ledger", "ledger_integrity", "probe", "probe_integrity"];

    /// Reads the compiler's output and stamps each module with `digest`.
    pub(crate) fn read(folder: &Path, digest: &str) -> Result<Self> {
        let read = |name: &'static str| {
            let path = folder.join(name).with_extension("wasm");
            let module = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            let module = stamp(module, digest).with_context(|| format!("stamping {}", path.display()))?;
            Ok((name, module))
        };
        Ok(Self(Self::NAMES.into_iter().map(read).collect::<Result<_>>()?))
    }

    /// One of them.
    pub(crate) fn wasm(&self, name: &str) -> Result<&[u8]> {
        self.0.get(name).map(Vec::as_slice).with_context(|| format!("there is no zome {name}"))
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
