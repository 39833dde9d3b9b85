//! `ham pack`: makes a bundle from a directory.

use std::path::PathBuf;

use ham_bundle::{PackOptions, Packed};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;

/// Packs an app, a DNA or an app with its page into a bundle.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory with the manifest (happ.yaml, dna.yaml, web-happ.yaml), or the manifest
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The bundle's file, or a directory for it [default: beside the manifest, with the name it gives]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// First pack the bundles that the manifest names, each from the directory where it is to be
    /// or one of its name there
    #[arg(short, long)]
    recursive: bool,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let options = PackOptions::default().with_output(args.output).with_recursive(args.recursive);
    for Packed { file, size, .. } in ham_bundle::pack(&args.path, &options).await? {
        let text = || format!("packed {} ({} KiB)", file.display(), size.div_ceil(1024));
        context.output.result(text, &json!({ "packed": file, "bytes": size }))?;
    }
    Ok(())
}
