//! Keys: made here, kept by their digests.

use clap::Subcommand;
use ham_gateway::NewKey;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Args {
    /// Make a key: print it, once, and the stanza for the file of keys
    New {
        /// Whose key it is, in words
        #[arg(long)]
        name: String,
    },
}

pub(super) fn run(args: Args, output: Output) -> Result<(), Failure> {
    let Args::New { name } = args;
    let key = NewKey::new().map_err(|error| Failure::new(Exit::Local, error, "try again"))?;
    let stanza = key.stanza(&name);
    output.result(
        || format!("{}\n\n{stanza}", key.expose()),
        &json!({ "key": key.expose(), "stanza": stanza }),
    )?;
    output.note(
        "the first line is the key, for whoever shall use it, and is not shown again; the rest belongs into the file of keys, with the \
         apps and functions that it may call",
    );
    Ok(())
}
