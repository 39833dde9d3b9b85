//! The texts of a conductor's errors, as captured from running conductors of each release.

use holochain_conductor_api::ExternalApiWireError;
use holochain_zome_types::cell::CellId;

use super::release::Release;

/// An error, and a short name for the transcript.
pub(super) struct Refused {
    pub(super) name: &'static str,
    pub(super) error: ExternalApiWireError,
}

fn internal(name: &'static str, text: impl Into<String>) -> Refused {
    Refused { name, error: ExternalApiWireError::InternalError(text.into()) }
}

const OF_A_CELL: &str = "Conductor returned an error while using a ConductorApi: ";

pub(super) fn unreadable_request() -> Refused {
    let text = "Failed to deserialize request".to_owned();
    Refused { name: "deserialization", error: ExternalApiWireError::Deserialization(text) }
}

pub(super) fn unreadable_call() -> Refused {
    internal(
        "unreadable call",
        "Serialization error while using a InterfaceApi: Deserialize(\"invalid type\")",
    )
}

pub(super) fn bad_signature() -> Refused {
    let text =
        "Authentication failure. Bad signature Signature([0]) by provenance AgentPubKey(uhCAk).".to_owned();
    Refused { name: "bad signature", error: ExternalApiWireError::ZomeCallAuthenticationFailed(text) }
}

pub(super) fn cell_missing(cell: &CellId) -> Refused {
    internal("cell missing", format!("{OF_A_CELL}CellMissing({cell:?})"))
}

pub(super) fn not_running(cell: &CellId, reason: &str, release: Release) -> Refused {
    match release.is_before_0_7_1() {
        true => internal("cell disabled", format!("{OF_A_CELL}CellDisabled({cell:?})")),
        false => internal("cell not running", format!("{OF_A_CELL}CellNotRunning({cell:?}, {reason})")),
    }
}

pub(super) fn init_timed_out() -> Refused {
    let text = "Another zome function has triggered the `init()` callback, which has been blocking this zome call for longer \
                than 30 seconds. Giving up.";
    internal("init timed out", text)
}

pub(super) fn init_failed() -> Refused {
    let text = "The cell tried to run the initialize zomes callback but failed because Fail(ZomeName(\"sim\"), \"not yet\")";
    internal("init failed", text)
}

/// Fails as a function does.
pub(super) fn init_trapped() -> Refused {
    guest("Wasm(WasmError { file: \"sim\", line: 3, error: Guest(\"not yet\") })")
}

pub(super) fn no_zome(zome: &str) -> Refused {
    internal("no zome", format!("ZomeError: Zome not found: Zome '{zome}' not found"))
}

pub(super) fn locked() -> Refused {
    internal("locked", "error returned from database: (code: 5) database is locked")
}

/// With the secret as the conductor writes it.
pub(super) fn unauthorized(
    reason: &'static str,
    secret: Option<&[u8]>,
    function: &str,
    zome: &str,
) -> Refused {
    let text = format!(
        "Call was not authorized with reason {reason}, cap secret {secret:?} to call the function {function} in zome {zome}"
    );
    Refused { name: reason, error: ExternalApiWireError::ZomeCallUnauthorized(text) }
}

pub(super) fn no_function(zome: &str, function: &str) -> Refused {
    internal(
        "no function",
        format!("Attempted to call a zome function that doesn't exist: Zome: {zome} Fn {function}"),
    )
}

pub(super) fn guest(words: &str) -> Refused {
    internal("guest error", format!("Wasm runtime error while working with Ribosome: RuntimeError: {words}"))
}

pub(super) fn invalid_commit() -> Refused {
    internal("invalid commit", "Source chain error: InvalidCommit error: not this way")
}

pub(super) fn head_moved() -> Refused {
    let text = "Source chain error: Attempted to commit a bundle to the source chain, but the source chain head has moved since \
                the bundle began. Bundle head: None, Current head: None";
    internal("head moved", text)
}

/// Text that is in no table, after the chain was written. It quotes some text that is in a table.
pub(super) fn after_the_write() -> Refused {
    let text = "Other: the publish workflow cannot be triggered: Source chain error: Attempted to commit a bundle to the source \
                chain, but the source chain head has moved since";
    internal("error after the write", text)
}

pub(super) fn in_no_table() -> Refused {
    internal("words in no table", "Other: something that no release says")
}

/// A cell that is removed while a call runs: the text of step 3 is not used then.
pub(super) fn cell_gone() -> Refused {
    internal("the cell is gone", "Other: the database of the cell is closed")
}

pub(super) fn deadline_elapsed() -> Refused {
    internal("deadline elapsed", "Other: deadline has elapsed")
}

#[cfg(test)]
mod tests {
    use ham::{NOTHING_WRITTEN, NothingWritten, Refusal, RefusalCause};
    use holo_hash::{AgentPubKey, DnaHash};

    use super::*;

    /// The rows of ham's table are provoked on running conductors of each release (`ham/tests/real/wire_captures.rs`), so the model
    /// says what conductors say. Two rows apply only to embedded conductors: no other reverts to a snapshot and cuts off what runs,
    /// or says that a cell was removed.
    #[test]
    fn the_model_says_each_row_that_was_captured_from_real_conductors() {
        let cell = CellId::new(DnaHash::from_raw_36(vec![1; 36]), AgentPubKey::from_raw_36(vec![2; 36]));
        let said = [
            unreadable_request(),
            unreadable_call(),
            bad_signature(),
            cell_missing(&cell),
            not_running(&cell, "NotStarted", Release::V0_7_1),
            not_running(&cell, "NotStarted", Release::V0_7_0),
            no_zome("none"),
            unauthorized("BadCapGrant", None, "write", "sim"),
            no_function("sim", "none"),
            guest("why"),
            invalid_commit(),
            head_moved(),
        ];
        let said = said.map(|refused| Refusal::from(refused.error));
        let embedded = |row: &NothingWritten| {
            row.cause == RefusalCause::CutOff || row.prefix.starts_with("The cell was removed")
        };
        for row in NOTHING_WRITTEN.iter().filter(|row| !embedded(row)) {
            let says =
                |refusal: &Refusal| refusal.kind() == row.kind && refusal.text().starts_with(row.prefix);
            assert!(said.iter().any(says), "nothing says {:?}: {}", row.kind, row.prefix);
        }
    }

    #[test]
    fn what_is_in_no_table_of_hams_is_in_none() {
        let said = [
            init_timed_out(),
            init_failed(),
            locked(),
            after_the_write(),
            in_no_table(),
            cell_gone(),
            deadline_elapsed(),
        ];
        for refused in said {
            let refusal = Refusal::from(refused.error);
            assert_eq!(refusal.stage(), None, "{refusal}");
        }
    }
}
