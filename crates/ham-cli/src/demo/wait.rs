//! The bound of every wait in the engine.

use std::time::Duration;

use ham::{HamState, StateWatch};

use super::error::DemoError;

/// How long anything may take before the demonstration gives up: several times a restart and the compilation after it,
/// on a loaded machine.
pub const STALL: Duration = Duration::from_secs(180);

/// Waits for the event, [`STALL`] at most.
pub(super) async fn within<T>(awaited: &'static str, event: impl Future<Output = T>) -> Result<T, DemoError> {
    let stalled = |_| DemoError::Stalled { awaited, after: STALL };
    tokio::time::timeout(STALL, event).await.map_err(stalled)
}

/// Waits until the connection's state is of the wanted kind.
pub(super) async fn for_state<T>(
    awaited: &'static str,
    state: &mut StateWatch,
    wanted: impl Fn(&HamState) -> Option<T>,
) -> Result<T, DemoError> {
    let seen = async {
        if let Some(found) = wanted(&state.get()) {
            return Some(found);
        }
        while let Some(now) = state.changed().await {
            if let Some(found) = wanted(&now) {
                return Some(found);
            }
        }
        None
    };
    within(awaited, seen).await?.ok_or(DemoError::Connect(ham::ConnectError::Closed))
}
