//! `ham dev --from`: the data of another conductor, for inspection here.

use std::path::Path;

use ham_devconductor::{DevConductor, DumpError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress;

/// Loads a dump into the conductor, and says whose it is.
pub(super) async fn open(output: Output, conductor: &DevConductor, file: &Path) -> Result<(), Failure> {
    let unread = |error: anyhow::Error, advice: &str| {
        Failure::new(
            Exit::Usage,
            error.context(format!("cannot open the dump {}", ham::masked_path(file))),
            advice,
        )
    };
    let bytes = ham_bundle::read_file(file).await;
    let bytes = bytes.map_err(|error| unread(error.into(), "check the path and its permissions"))?;
    let text = String::from_utf8(bytes).map_err(|error| unread(error.into(), NOT_A_DUMP))?;
    let opened = progress::during(output, "opening the dump", conductor.open_dump(&text)).await;
    let opened = opened.map_err(|error| {
        let advice = match &error {
            DumpError::AnotherDna { .. } => {
                "pass --app with the bundle of that app: the same code, properties and network seed"
            }
            DumpError::Database { .. } => "try again with another --data",
            _ => NOT_A_DUMP,
        };
        unread(error.into(), advice)
    })?;
    output.note(&format!(
        "opened the dump of {}: {} operations; `ham dht {0}` shows what that agent wrote",
        opened.agent, opened.operations
    ));
    Ok(())
}

const NOT_A_DUMP: &str = "`ham dump cell > FILE` writes one, of a conductor of Holochain 0.7.1";
