//! Lines in the conductor's log, which the environment variable `WASM_LOG` filters.

use hdk::prelude::*;

/// Writes the text at every level.
#[hdk_extern]
pub fn trace_all(text: String) -> ExternResult<()> {
    trace!("trace {text}");
    debug!("debug {text}");
    info!(field = 7, "info {text}");
    warn!("warn {text}");
    error!("error {text}");
    Ok(())
}
