//! Keys: created here, kept as digests.

use clap::Subcommand;
use ham_gateway::{Allows, NewKey, Scope};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Args {
    /// Make a key: print it, once only, along with its stanza for the keys file
    New {
        /// Who or what the key is for, in your own words
        #[arg(long)]
        name: String,
        /// What the key may be used for: `calls`, `calls:all`, `feed`, `status` or `metrics`; may be repeated
        #[arg(long = "scope", value_name = "SCOPE", default_value = "calls")]
        scopes: Vec<Scope>,
        /// The ID of an app that the key may use; may be repeated
        #[arg(long = "app-id", value_name = "ID")]
        apps: Vec<String>,
        /// Functions that the key may call, as `role/zome/function`, where `*` stands for any one part; may be repeated
        #[arg(long = "function", value_name = "PATTERN")]
        functions: Vec<String>,
        /// Chains that the key may follow; may be repeated
        #[arg(long = "chain", value_name = "PATTERN")]
        chains: Vec<String>,
    },
}

pub(super) fn run(args: Args, output: Output) -> Result<(), Failure> {
    let Args::New { name, scopes, apps, functions, chains } = args;
    let key = NewKey::new().map_err(|error| Failure::new(Exit::Local, error, "try again"))?;
    let stanza = key.stanza_with(&name, &Allows { scopes, apps, functions, chains });
    output.result(
        || format!("{}\n\n{stanza}", key.expose()),
        &json!({ "key": key.expose(), "stanza": stanza }),
    )?;
    output.note(
        "the first line is the key: give it to whoever will use it, it is not shown again. The rest goes into the keys file; what \
         it does not list is not allowed",
    );
    Ok(())
}
