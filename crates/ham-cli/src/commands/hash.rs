//! `ham hash`: the hash that identifies a DNA or a WASM module.

use std::path::PathBuf;

use ham_bundle::Hashed;
use serde_json::json;

use crate::commands::info::{plain, trimmed};
use crate::context::Context;
use crate::failure::Failure;

/// Prints the hash of each DNA in a bundle, or of a WASM module: the one that conductors compute.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A bundle (.happ, .dna, .webhapp) or a module (.wasm)
    file: PathBuf,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let hashed = ham_bundle::hash(&args.file).await?;
    let one = |kind: &str, hash: String| context.output.result(|| hash.clone(), &json!({ kind: hash }));
    match hashed {
        Hashed::Dna(hash) => one("dna", hash.to_string()),
        Hashed::Wasm(hash) => one("wasm", hash.to_string()),
        Hashed::Roles(roles) => {
            let text = || {
                let mut table = plain(["role", "DNA"]);
                for (role, hash) in &roles {
                    table.add_row([role, &hash.to_string()]);
                }
                trimmed(&table)
            };
            let roles: Vec<_> =
                roles.iter().map(|(role, hash)| json!({ "role": role, "dna": hash.to_string() })).collect();
            context.output.result(text, &json!({ "roles": roles }))
        }
        _ => Err(Failure::usage("this file has no hash that is known", "name a bundle or a .wasm file")),
    }
}
