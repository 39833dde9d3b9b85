//! The words for how a call ended.

use ham_devconductor::{FailureKind, Phase};

/// What is proven about the called cell's chain after an error; every view takes it from here. All kinds except one
/// come before anything is written.
pub(crate) fn effect(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Conductor => "unknown",
        _ => "nothing",
    }
}

/// The name of a kind of error, as problems use it.
pub(crate) fn kind_of(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Zome => "zome-error",
        FailureKind::InvalidCommit => "invalid-commit",
        FailureKind::IncompleteCommit => "incomplete-commit",
        FailureKind::ChainMoved => "chain-moved",
        FailureKind::Unauthorized => "not-authorized",
        FailureKind::NoFunction => "function-not-found",
        FailureKind::CellRemoved => "cell-removed",
        _ => "conductor-error",
    }
}

/// The name of a part of a call's time.
pub(super) fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Queue => "queue",
        Phase::Init => "init",
        Phase::Zome => "zome",
        Phase::Validate => "validate",
        Phase::Write => "write",
        _ => "other",
    }
}
