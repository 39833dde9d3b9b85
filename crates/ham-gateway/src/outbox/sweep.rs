//! Forgets what the outbox need not keep.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::events;
use super::shared::Shared;

/// Forgets every minute what is not kept any longer.
pub(super) async fn sweep(shared: Arc<Shared>) {
    let mut minutes = tokio::time::interval_at(Instant::now() + SWEEP_EVERY, SWEEP_EVERY);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = shared.stops.closing.cancelled() => return,
            _ = minutes.tick() => {}
        }
        let swept = tokio::select! {
            biased;
            swept = shared.store.sweep(shared.now()) => swept,
            // The sweep waits while the disk does not work.
            () = shared.stops.closing.cancelled() => return,
        };
        match swept {
            Ok(0) => {}
            // There may be more; the next minute takes them, so that a large sweep does not delay calls.
            Ok(calls) => tracing::debug!(event = events::SWEPT, calls),
            Err(error) => tracing::error!(event = events::STORE_FAILED, %error),
        }
    }
}

/// How often the outbox forgets what it need not keep.
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);
