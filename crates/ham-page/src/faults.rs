//! The active faults, in the form that the page uses.

use ham_devconductor::{ActiveFaults, Observer, ViewError};
use serde_json::{Value, json};

/// Null if there are none.
pub(crate) fn faults(observer: &Observer) -> Result<Value, ViewError> {
    let faults = observer.faults()?;
    if faults == ActiveFaults::default() {
        return Ok(Value::Null);
    }
    Ok(json!({
        "delay_ms": faults.delay.as_millis().min(u64::MAX.into()) as u64,
        "signals": if faults.drops_signals { "dropped" } else { "sent" },
        "host": faults.host_functions,
    }))
}
