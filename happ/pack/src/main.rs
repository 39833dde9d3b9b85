//! Turns the probe's zomes into `.happ` bundles, each wasm stamped with the digest of the source it was built from.
//!
//! Usage: `pack HAPP COMPILED OUTPUT BUNDLE…`: the folder of this workspace, that of the compiled zomes, that of the
//! bundles, and which bundles. `build` runs it after the compiler, once for each release of Holochain.

mod bundle;
mod source;
mod wasm;

use anyhow::{Context, Result, ensure};
use bundle::Bundle;
use std::{env, fs, path::Path};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [happ, compiled, output, names @ ..] = &arguments[..] else {
        anyhow::bail!("usage: pack HAPP COMPILED OUTPUT BUNDLE...");
    };
    ensure!(!names.is_empty(), "no bundle was named");
    let output = Path::new(output);
    fs::create_dir_all(output).with_context(|| format!("making {}", output.display()))?;

    let zomes = wasm::Zomes::new(compiled, source::digest(Path::new(happ))?);
    for name in names {
        let bundle = Bundle::named(name).with_context(|| format!("there is no bundle {name}"))?;
        let path = output.join(name).with_extension("happ");
        let bytes = bundle.pack(&zomes)?;
        fs::write(&path, &bytes).with_context(|| format!("writing {}", path.display()))?;
        println!("{} {} bytes, source {}", path.display(), bytes.len(), zomes.digest());
    }
    Ok(())
}
