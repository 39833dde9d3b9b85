//! Turns the probe's zomes into `.happ` bundles, each wasm stamped with the digest of the source it was built from.
//!
//! Usage: `pack HAPP`, where `HAPP` is the folder of this workspace. `HAPP/build` runs it after the compiler.

mod bundle;
mod source;
mod wasm;

use anyhow::{Context, Result};
use std::{env, fs, path::Path};

fn main() -> Result<()> {
    let happ = env::args_os().nth(1).context("usage: pack HAPP")?;
    let happ = Path::new(&happ);

    let digest = source::digest(happ)?;
    let zomes = wasm::Zomes::read(&happ.join("target/wasm32-unknown-unknown/release"), &digest)?;

    for bundle in bundle::Bundle::ALL {
        let path = happ.join("bundle").join(bundle.file_name());
        let bytes = bundle.pack(&zomes)?;
        fs::write(&path, &bytes).with_context(|| format!("writing {}", path.display()))?;
        println!("{} {} bytes, source {digest}", path.display(), bytes.len());
    }
    Ok(())
}
