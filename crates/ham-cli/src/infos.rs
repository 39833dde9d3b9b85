//! What the zomes of a cell say about themselves, if they can be asked: by a `ham dev` that runs here.

use ham::holochain_client::CellId;
use holochain_zome_types::prelude::ZomeInfo;

use crate::control::{self, Ask};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::running;
use crate::settings::Settings;

/// `None` if the conductor only reports the names of zomes, as `holochain` does.
///
/// # Errors
/// The `ham dev` does not answer, or is of another version.
pub(crate) async fn of(settings: &Settings, cell: &CellId) -> Result<Option<Vec<ZomeInfo>>, Failure> {
    let Some(control) = settings.local_admin_port().and_then(running::control_of) else { return Ok(None) };
    let told = control::ask(&control, &Ask::Zomes { cell: cell.clone() }).await?;
    let infos = serde_json::from_value(told).map_err(|error| {
        Failure::new(Exit::Local, error, "the running `ham dev` is another version of ham: restart it")
    })?;
    Ok(Some(infos))
}

/// The functions of a zome that are meant for callers.
pub(crate) fn functions(info: &ZomeInfo) -> Vec<String> {
    let functions = info.extern_fns.iter().map(|function| function.0.clone());
    // The module's memory is among them.
    functions.filter(|name| name != "memory" && crate::exports::is_for_callers(name)).collect()
}
