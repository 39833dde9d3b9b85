//! `ham unpack`: turns a bundle back into a directory.

use std::path::PathBuf;

use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;

/// Unpacks a bundle (.happ, .dna, .webhapp) into a directory. Bundles in it stay packed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bundle
    bundle: PathBuf,
    /// The directory [default: beside the bundle, with its name]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write into an existing directory, overwriting files in the way
    #[arg(short, long)]
    force: bool,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let directory = ham_bundle::unpack(&args.bundle, args.output.as_deref(), args.force).await?;
    context
        .output
        .result(|| format!("unpacked into {}", directory.display()), &json!({ "unpacked": directory }))
}
