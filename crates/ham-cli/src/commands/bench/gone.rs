//! Whether there is anything left to call.

use ham::{CallError, RefusalCause};

/// Whether a call found that its cell is not there any more, as it was for the first one.
pub(super) fn is_gone(error: &CallError) -> bool {
    match error.inner() {
        CallError::AppNotInstalled { .. } | CallError::UnknownRole { .. } => true,
        CallError::Refused { refusal, .. } => refusal.cause() == Some(RefusalCause::CellMissing),
        _ => false,
    }
}
