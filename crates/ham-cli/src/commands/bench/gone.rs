//! Whether the cell to call still exists.

use ham::{CallError, RefusalCause};

/// Whether a call found that its cell no longer exists, although it did for the first call.
pub(super) fn is_gone(error: &CallError) -> bool {
    match error.inner() {
        CallError::AppNotInstalled { .. } | CallError::UnknownRole { .. } => true,
        CallError::Refused { refusal, .. } => refusal.cause() == Some(RefusalCause::CellMissing),
        _ => false,
    }
}
