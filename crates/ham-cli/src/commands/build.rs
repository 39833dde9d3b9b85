//! `ham build`: compiles zomes, and packs DNAs and the app. In contrast, `ham pack` takes modules as they are and needs
//! no compiler.

use std::path::PathBuf;

use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::zomes::{self, Project, Shown};

/// Compiles the zomes of an app to WebAssembly, and packs its DNAs and the app.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Compiles every package of the workspace that is a `cdylib`, in release, for wasm32-unknown-unknown,\n\
    with no path of this machine in the modules: the same sources and compiler give the same DNA\n\
    everywhere. Then does what `ham pack --recursive` does."
)]
pub(crate) struct Args {
    /// The directory of the app, with Cargo.toml, and with happ.yaml there or in workdir/
    #[arg(default_value = ".")]
    directory: PathBuf,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let project = Project::of(&args.directory).await?;
    let shown = if context.output.json { Shown::Errors } else { Shown::Everything };
    for packed in zomes::build(&project, shown).await? {
        let text = || format!("packed {} ({} KiB)", packed.file.display(), packed.size.div_ceil(1024));
        context.output.result(text, &json!({ "packed": packed.file, "bytes": packed.size }))?;
    }
    Ok(())
}
