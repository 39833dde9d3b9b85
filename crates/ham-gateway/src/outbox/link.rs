//! Waiting for a connection's link.

use ham::{HamState, PersistentHam};

/// Resolves when there is a link.
pub(super) async fn is_up(ham: &PersistentHam) {
    let mut state = ham.state();
    while !state.get().is_live() {
        if state.changed().await.is_none() {
            // It is closed for good, and so will the outbox be.
            return std::future::pending().await;
        }
    }
}

/// Resolves when a link comes up that is not there now.
pub(super) async fn comes_up(ham: &PersistentHam) {
    let mut state = ham.state();
    let since = |state: &HamState| match state {
        HamState::Live { since, .. } => Some(*since),
        _ => None,
    };
    let before = since(&state.get());
    loop {
        let Some(now) = state.changed().await else { return std::future::pending().await };
        if since(&now).is_some_and(|now| Some(now) != before) {
            return;
        }
    }
}
